class C:
    @property
    def x(self):
        "doc of x"
        return self._x
    @x.setter
    def x(self, v): self._x = v * 2
    @x.deleter
    def x(self): del self._x
    @property
    def ro(self): return 1
c = C()
c.x = 5
print(c.x, C.x.__doc__, C.x.__name__)  # expect: 10 doc of x x
del c.x
print(hasattr(c, "x"))  # expect: False
for op in (lambda: setattr(c, "ro", 2), lambda: delattr(c, "ro")):
    try:
        op()
    except AttributeError as e:
        print(e)
        # expect: property 'ro' of 'C' object has no setter
        # expect: property 'ro' of 'C' object has no deleter
