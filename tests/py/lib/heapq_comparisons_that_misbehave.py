import heapq, _heapq, statistics
class X:
    def __init__(self, n): self.n = n
    def __lt__(self, other):
        if act: act()
        return self.n < other.n
act = None
h = [X(n) for n in [5, 3, 8, 1, 9, 2]]
heapq.heapify(h)
def act(): raise KeyError("compare")
before = sorted(x.n for x in h)
for f in (lambda: heapq.heappushpop(h, X(4)), lambda: heapq.heapreplace(h, X(7)), lambda: heapq.heapify(h)):
    try:
        f()
    except KeyError as e:
        print(repr(e), len(h), len(set(map(id, h))))
def act(): h.clear()
for f in (lambda: heapq.heappush(h, X(0)), lambda: heapq.heapify(h)):
    h[:] = [X(n) for n in range(6)]
    try:
        f()
    except (RuntimeError, IndexError) as e:
        print(type(e).__name__, e)
act = None
m = [3, 1.5, 2]
heapq.heapify_max(m)
heapq.heappush_max(m, 10)
print(heapq.heappop_max(m), heapq.heapreplace_max(m, 0), heapq.heappushpop_max(m, 9), m)
for f, a in [(heapq.heappop, ([],)), (heapq.heappush, ((), 1)), (_heapq.heapify, (5,))]:
    try:
        f(*a)
    except (IndexError, TypeError) as e:
        print(e)
print(statistics.NormalDist(100, 15).inv_cdf(0.975), statistics.NormalDist().inv_cdf(1e-12))
# expect: KeyError('compare') 6 6
# expect: KeyError('compare') 6 6
# expect: KeyError('compare') 6 6
# expect: RuntimeError list changed size during iteration
# expect: RuntimeError list changed size during iteration
# expect: 10 3 9 [2, 1.5, 0]
# expect: index out of range
# expect: heappush() argument 1 must be list, not tuple
# expect: heapify() argument must be list, not int
# expect: 129.3994597681008 -7.034483825301132
