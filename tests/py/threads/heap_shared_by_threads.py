# A heap of builtin items that threads share stays a heap: each operation of heapq happens at once.
import heapq
import threading

N, THREADS = 2000, 4


def run(target):
    threads = [threading.Thread(target=target, args=(n,)) for n in range(THREADS)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


def is_heap(heap):
    return all(not heap[i] < heap[(i - 1) // 2] for i in range(1, len(heap)))


def check(name, make):
    heap, popped, errors = [], [], []

    def push(n):
        for i in range(N):
            heapq.heappush(heap, make((i * 7919 + n) % 1009))

    def mixed(n):
        try:
            for i in range(N // 4):
                heapq.heappush(heap, make(i % 97))
                heapq.heapreplace(heap, make(500 + i % 89))
                heapq.heappushpop(heap, make(i % 83))
                popped.append(heapq.heappop(heap))
        except Exception as e:
            errors.append(e)

    run(push)
    print(name, len(heap), is_heap(heap))
    run(mixed)
    print(errors, len(heap) + len(popped), is_heap(heap))
    rest = [heapq.heappop(heap) for _ in range(len(heap))]
    print(rest == sorted(rest), heap)


check("int", int)
# expect: int 8000 True
# expect: [] 10000 True
# expect: True []
check("float", lambda n: n / 3)
# expect: float 8000 True
# expect: [] 10000 True
# expect: True []
check("big", lambda n: (n - 400) << 70)
# expect: big 8000 True
# expect: [] 10000 True
# expect: True []
check("str", str)
# expect: str 8000 True
# expect: [] 10000 True
# expect: True []
check("tuple", lambda n: (n % 11, str(n), (n, 1.5)))
# expect: tuple 8000 True
# expect: [] 10000 True
# expect: True []


class Ordered:
    def __init__(self, n):
        self.n = n

    def __lt__(self, other):
        return self.n < other.n


heap = []
for i in range(500):
    heapq.heappush(heap, (i % 7, Ordered(i * 31 % 101)))
heap += [(9, Ordered(1))]
heapq.heapify(heap)
print([heapq.heappop(heap)[1].n for _ in range(3)], is_heap(heap))
# expect: [0, 1, 2] True
