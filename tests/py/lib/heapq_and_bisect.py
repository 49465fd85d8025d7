import heapq, bisect
h = [5, 1, 4]; heapq.heapify(h); heapq.heappush(h, 0)
print([heapq.heappop(h) for _ in range(4)], heapq.nlargest(2, [1, 5, 3]), heapq.nsmallest(2, "bca"), list(heapq.merge([1, 4], [2, 3])))  # expect: [0, 1, 4, 5] [5, 3] ['a', 'b'] [1, 2, 3, 4]
l = [1, 2, 2, 3]; bisect.insort(l, 2.5)
print(l, bisect.bisect_left(l, 2), bisect.bisect(l, 2), bisect.bisect([3, 2, 1], -2, key=lambda x: -x))  # expect: [1, 2, 2, 2.5, 3] 1 3 2
