import threading, queue
q = queue.Queue()
lock = threading.Lock()
total = 0
def work(n):
    global total
    for _ in range(1000):
        with lock: total += 1
    q.put(n)
ts = [threading.Thread(target=work, args=(i,)) for i in range(4)]
for t in ts: t.start()
for t in ts: t.join()
print(total, sorted(q.get() for _ in ts), threading.active_count(), threading.current_thread().name)  # expect: 4000 [0, 1, 2, 3] 1 MainThread
local = threading.local(); local.x = 1
t = threading.Thread(target=lambda: print(hasattr(local, "x"))); t.start(); t.join()  # expect: False
try:
    lock.release()
except RuntimeError as e:
    print(e)  # expect: release unlocked lock
