"""deque, OrderedDict, defaultdict, Counter, ChainMap, namedtuple and lru_cache under threads: nothing lost, nothing doubled."""

import collections
import functools
import heapq
import bisect

RACES = (RuntimeError, KeyError, IndexError, ValueError)


class Key:
    """A key whose comparison runs Python code."""

    def __init__(self, n):
        self.n = n

    def __hash__(self):
        return self.n % 7

    def __eq__(self, other):
        return self.n == other.n

    def __lt__(self, other):
        return self.n < other.n


def ROUND(round):
    bounded = collections.deque(maxlen=50)
    shared = collections.deque()
    messy = collections.deque(range(100))
    ordered = collections.OrderedDict((i, i) for i in range(50))
    keyed = collections.OrderedDict()
    grouped = collections.defaultdict(list)
    nested = collections.defaultdict(lambda: collections.defaultdict(int))
    counter = collections.Counter()
    heap = []
    calls = []

    @functools.lru_cache(maxsize=30)
    def small(n, *, key=None):
        calls.append(1)
        return n, key

    @functools.lru_cache(maxsize=None)
    def unbounded(n):
        return [n]

    @functools.cache
    def keyed_cache(k):
        return k.n

    class Lazy:
        @functools.cached_property
        def value(self):
            return object()

        @functools.singledispatchmethod
        def show(self, n):
            return "object"

        @show.register
        def _(self, n: int):
            return "int"

    lazy = Lazy()
    put = [0] * round.threads

    def work(index, rng):
        taken, n, hits = [], 0, 0
        while round.go_on():
            op = rng.randrange(30)
            k = rng.randrange(100)
            try:
                if op == 0:
                    for _ in range(5):
                        shared.append((index, n))
                        n += 1
                elif op == 1:
                    for _ in range(5):
                        taken.append(shared.popleft() if rng.random() < 0.5 else shared.pop())
                elif op == 2:
                    bounded.append(k)
                    assert len(bounded) <= 50
                elif op == 3:
                    bounded.extend(range(k))
                    assert len(list(bounded)) <= 50
                elif op == 4:
                    messy.rotate(k - 50)
                    messy.insert(k, k)
                elif op == 5:
                    messy.remove(k)
                elif op == 6:
                    messy.reverse()
                    del messy[k]
                    messy[k // 2] = k
                elif op == 7:
                    if len(messy) > 300:
                        messy.clear()
                    messy.__iadd__([k] * 3)
                    messy.extendleft((k, k))
                    assert all(0 <= x < 100 for x in messy.copy())
                elif op == 8:
                    for x in messy:
                        assert 0 <= x < 100
                elif op == 9:
                    messy.index(k), messy.count(k), k in messy, repr(messy), messy == messy.copy()
                elif op == 10:
                    ordered.move_to_end(k, last=rng.random() < 0.5)
                elif op == 11:
                    ordered[k] = k
                elif op == 12:
                    a, b = ordered.popitem(last=rng.random() < 0.5)
                    assert a == b
                elif op == 13:
                    for a, b in ordered.items():
                        assert a == b
                elif op == 14:
                    list(reversed(ordered)), ordered == ordered.copy(), repr(ordered)
                elif op == 15:
                    keyed[Key(k)] = k
                    keyed.move_to_end(Key(k), last=False)
                    keyed.pop(Key(k + 1), None)
                elif op == 16:
                    grouped[k].append(index)
                elif op == 17:
                    nested[k % 5][k] += 1
                    if rng.random() < 0.02:
                        nested.clear()
                elif op == 18:
                    counter.update("abcabc")
                    counter.most_common(2), counter + counter, +counter
                elif op == 19:
                    heapq.heappush(heap, k)
                elif op == 20:
                    heapq.heappop(heap)
                elif op == 21:
                    heapq.heapreplace(heap, k)
                    heapq.heappushpop(heap, k)
                    heapq.nsmallest(3, heap), list(heapq.merge(heap[:5], heap[:7]))
                elif op == 22:
                    assert small(k) == (k, None)
                    assert small(k % 10, key="a") == (k % 10, "a")
                elif op == 23:
                    small.cache_info()
                    if rng.random() < 0.05:
                        small.cache_clear()
                elif op == 24:
                    assert unbounded(k) == [k]
                    assert keyed_cache(Key(k)) == k
                elif op == 25:
                    lazy.value, lazy.show(k), lazy.show("k")
                    if rng.random() < 0.1:
                        lazy.__dict__.pop("value", None)
                elif op == 26:
                    ordered.update({k: k}), ordered.setdefault(k, k), ordered.pop(k), ordered | {k: k}
                elif op == 27:
                    deq = collections.deque(messy, 10)
                    assert len(deq) <= 10
                    hash(collections.namedtuple("P", "x y")(1, k))
                elif op == 28:
                    bisect.insort(heap, k) if len(heap) < 200 else heap.clear()
                else:
                    chain = collections.ChainMap({}, counter, ordered)
                    chain[k] = k
                    len(chain), list(chain)
            except RACES:
                pass
        put[index] = n
        return taken

    results = round.run(work)
    taken = [x for r in results for x in r] + list(shared)
    assert len(taken) == len(set(taken)), "an item of a deque came twice"
    assert set(taken) == {(i, n) for i, count in enumerate(put) for n in range(count)}, "an item of a deque was lost"
    assert len(ordered) == len(list(ordered)) == len(dict(ordered))
    info = small.cache_info()
    assert info.currsize <= 30, info
    assert all(set(v) <= set(range(round.threads)) for v in grouped.values())
