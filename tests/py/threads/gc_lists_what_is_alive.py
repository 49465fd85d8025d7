# What other threads made and dropped is not brought back to life by listing objects.
import gc
import threading


class Short:
    pass


class Long:
    pass


kept = Long()
stop = threading.Event()


def work():
    while not stop.is_set():
        a, b = Short(), Short()
        a.other = [b]


threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads:
    thread.start()
counts = []
for _ in range(10):
    found = gc.get_objects()
    counts.append(sum(type(x) is Short for x in found))
    assert any(x is kept for x in found)
stop.set()
for thread in threads:
    thread.join()
print(max(counts) < 100)  # expect: True
