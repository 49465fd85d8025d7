class Data:
    def __get__(self, o, t=None): return "data"
    def __set__(self, o, v): pass
class NonData:
    def __get__(self, o, t=None): return "nondata"
class C:
    d, n, p = Data(), NonData(), "class"
c = C()
c.__dict__.update(d="inst", n="inst", p="inst")
print(c.d, c.n, c.p)  # expect: data inst inst
del c.__dict__["n"], c.__dict__["p"]
print(c.n, c.p)  # expect: nondata class
