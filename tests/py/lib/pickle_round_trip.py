import pickle
class C:
    def __init__(self, v): self.v = v
    def __eq__(self, o): return self.v == o.v
values = [None, True, 1, 2 ** 70, -1.5, 1j, "é", b"b", [1, [2]], (1,), {"a": {1}}, frozenset([1]), C([1]), len, int, ...]
for proto in range(pickle.HIGHEST_PROTOCOL + 1):
    print(proto, pickle.loads(pickle.dumps(values, proto)) == values)
l = []; l.append(l); print(pickle.loads(pickle.dumps(l))[0] is not None)
try:
    pickle.dumps(lambda: 0)
except (pickle.PicklingError, AttributeError) as e:
    print(type(e).__name__)
# expect: 0 True
# expect: 1 True
# expect: 2 True
# expect: 3 True
# expect: 4 True
# expect: 5 True
# expect: True
# expect: PicklingError
