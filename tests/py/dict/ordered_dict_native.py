from _collections import OrderedDict

od = OrderedDict.fromkeys("abcde")
od.move_to_end("b")
od.move_to_end("d", last=False)
print("".join(od), "".join(reversed(od)))  # expect: daceb becad
print(od.popitem(), od.popitem(last=False), list(od.items()))  # expect: ('b', None) ('d', None) [('a', None), ('c', None), ('e', None)]
try:
    od.move_to_end("x")
except KeyError as e:
    print(e)  # expect: 'x'
try:
    OrderedDict().popitem()
except KeyError as e:
    print(e)  # expect: 'dictionary is empty'
print(OrderedDict(a=1, b=2) == OrderedDict(b=2, a=1), OrderedDict(a=1, b=2) == dict(b=2, a=1))  # expect: False True
try:
    for k in od:
        od.move_to_end(k)
except RuntimeError as e:
    print(e)  # expect: OrderedDict mutated during iteration
print(od | {"z": 1}, type({} | od).__name__)  # expect: OrderedDict({'c': None, 'e': None, 'a': None, 'z': 1}) OrderedDict
od.attr = 3
print(od.__dict__, repr(OrderedDict()), type(od.keys()).__name__)  # expect: {'attr': 3} OrderedDict() odict_keys

# Queues and moves to either end do not get slower with the length.
q = OrderedDict.fromkeys(range(20000))
for i in range(20000):
    q.move_to_end(i, last=False)
print(next(iter(q)), next(reversed(q)), len(q))  # expect: 19999 0 20000
for i in range(60000):
    q[20000 + i] = i
    q.popitem(last=False)
print(len(q), next(iter(q)), next(reversed(q)))  # expect: 20000 60000 79999
d = dict.fromkeys(range(50000))
while d:
    del d[next(iter(d))]
print(d)  # expect: {}

class Limited(OrderedDict):
    def __setitem__(self, k, v):
        super().__setitem__(k, v)
        while len(self) > 2:
            self.popitem(last=False)

print(Limited([(1, 1), (2, 2), (3, 3)]), Limited(a=1).copy())  # expect: Limited({2: 2, 3: 3}) Limited({'a': 1})
od["self"] = od
print(od)  # expect: OrderedDict({'c': None, 'e': None, 'a': None, 'self': ...})
