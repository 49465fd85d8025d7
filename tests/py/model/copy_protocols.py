import copy
class C:
    def __init__(self): self.l = [1]
c = C()
s, d = copy.copy(c), copy.deepcopy(c)
print(s.l is c.l, d.l is c.l, d.l)  # expect: True False [1]
l = []
l.append(l)
d = copy.deepcopy(l)
print(d[0] is d)  # expect: True
class R:
    def __init__(self, v): self.v = v
    def __reduce__(self): return R, (self.v + 1,)
print(copy.copy(R(1)).v)  # expect: 2
