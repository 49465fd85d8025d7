# Queues carry data between interpreters, and tell of items whose interpreter has ended.
from concurrent import interpreters
import threading

q = interpreters.create_queue(3)
w = interpreters.create()
w.prepare_main(q=q)
w.exec("q.put(('from', 1)); q.put([2]); q.put(q)")
print(q.get(), q.get(), q.get() is q)  # expect: ('from', 1) [2] True
w.exec("q.put('left behind')")
w.close()
print(q.get())  # expect: concurrent.interpreters._queues.UNBOUND
try:
    q.get_nowait()
except interpreters.QueueEmpty as e:
    print("empty")  # expect: empty
for i in range(3):
    q.put_nowait(i)
try:
    q.put_nowait(3)
except interpreters.QueueFull:
    print("full", q.qsize(), q.full())  # expect: full 3 True

# Two interpreters and the main one pass numbers around.
into, out = interpreters.create_queue(), interpreters.create_queue()


def work(into, out):
    while (n := into.get()) is not None:
        out.put(n * n)


workers = [interpreters.create() for _ in range(2)]
threads = [threading.Thread(target=i.call, args=(work, into, out)) for i in workers]
for t in threads:
    t.start()
for n in range(100):
    into.put(n)
for t in threads:
    into.put(None)
for t in threads:
    t.join()
print(sorted(out.get() for _ in range(100)) == [n * n for n in range(100)])  # expect: True
for i in workers:
    i.close()
