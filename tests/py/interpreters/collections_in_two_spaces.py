# Two threads create, run and end interpreters, while each space collects at every 499th allocation and checks what it finds.
# env: PROTOPY_GC_STRESS=499
# env: PROTOPY_GC_POISON=1
from concurrent import interpreters
import threading


def churn(n):
    items = {i: [str(i), (i, float(i))] for i in range(n)}
    return sorted(items.values(), key=lambda x: -x[1][1])[0], sum(len(v) for v in items.values())


results = []


def worker(n):
    kept = [str(k) for k in range(200)]
    i = interpreters.create()
    try:
        i.exec("state = [object() for _ in range(100)]")
        for _ in range(3):
            results.append(sorted([i.call(churn, n), churn(n)], key=repr))
        i.exec("assert len(state) == 100")
    finally:
        i.close()
    assert kept == [str(k) for k in range(200)]


threads = [threading.Thread(target=worker, args=(n,)) for n in (50, 80)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(len(results), all(a == b for a, b in results))  # expect: 6 True
