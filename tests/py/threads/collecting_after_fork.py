# A child of a process whose threads were stopped when it was made does not wait for these when it collects.
import gc
import os
import threading
import time
import warnings

warnings.simplefilter("ignore")
done = threading.Event()


def work():
    while not done.is_set():
        [[] for _ in range(100)]


threads = [threading.Thread(target=work) for _ in range(3)]
for t in threads:
    t.start()
pid = os.fork()
if pid == 0:
    go = threading.Event()
    other = threading.Thread(target=go.wait)
    other.start()
    begun = time.monotonic()
    for _ in range(150):
        gc.collect(0)
    took = time.monotonic() - begun
    go.set()
    other.join()
    os._exit(took > 28)
done.set()
for t in threads:
    t.join()
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))  # expect: 0
