class M:
    def __init__(self): self.d = {}
    def __setitem__(self, k, v): self.d[k] = v
    def __delitem__(self, k): del self.d[k]
    def __getitem__(self, k): return self.d[k]
m = M()
m[1, 2] = 3
print(m[1, 2])  # expect: 3
del m[1, 2]
for f in (lambda: m[0], lambda: object()[0], lambda: type(None)()[0]):
    try:
        f()
    except (KeyError, TypeError) as e:
        print(repr(e))
        # expect: KeyError(0)
        # expect: TypeError("'object' object is not subscriptable")
        # expect: TypeError("'NoneType' object is not subscriptable")
def seti(o): o[0] = 1
def deli(o): del o[0]
for f in (seti, deli):
    for o in ((1,), "a", 1, object()):
        try:
            f(o)
        except TypeError as e:
            print(e)
            # expect: 'tuple' object does not support item assignment
            # expect: 'str' object does not support item assignment
            # expect: 'int' object does not support item assignment
            # expect: 'object' object does not support item assignment
            # expect: 'tuple' object doesn't support item deletion
            # expect: 'str' object doesn't support item deletion
            # expect: 'int' object does not support item deletion
            # expect: 'object' object does not support item deletion
