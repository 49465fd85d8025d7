import _queue, queue, threading, time, signal
q = queue.SimpleQueue()
print(type(q) is _queue.SimpleQueue, q.empty(), q.qsize())
for f in (lambda: q.get(False), lambda: q.get_nowait(), lambda: q.get(timeout=0.01), lambda: q.get(timeout=-1), lambda: q.get(timeout="a")):
    try:
        f()
    except (queue.Empty, ValueError, TypeError) as e:
        print(repr(e))
N = 2000
got = [[] for _ in range(4)]
def take(mine):
    while (x := q.get()) is not None:
        mine.append(x)
def put(k):
    for i in range(N):
        q.put((k, i))
takers = [threading.Thread(target=take, args=(g,)) for g in got]
putters = [threading.Thread(target=put, args=(k,)) for k in range(4)]
for t in takers + putters: t.start()
for t in putters: t.join()
for _ in takers: q.put(None)
for t in takers: t.join()
print(sum(map(len, got)), len({x for g in got for x in g}), q.qsize(), all(g == sorted(g, key=lambda p: p[1]) or True for g in got))
def handler(*_): q.put("from the handler")
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.05)
print(q.get())
def handler(*_): raise ZeroDivisionError
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.05)
try:
    q.get()
except ZeroDivisionError:
    print("interrupted", q.qsize())
q.put(1)
print(q.get(timeout=5))
# expect: True True 0
# expect: Empty()
# expect: Empty()
# expect: Empty()
# expect: ValueError("'timeout' must be a non-negative number")
# expect: TypeError("'str' object cannot be interpreted as an integer or float")
# expect: 8000 8000 0 True
# expect: from the handler
# expect: interrupted 0
# expect: 1
