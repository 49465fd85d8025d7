class B:
    def __bool__(self): return self.v
class L:
    def __len__(self): return self.v
for cls, v in ((B, True), (B, 1), (L, 0), (L, -1), (L, 1.5), (L, 1 << 70)):
    o = cls()
    o.v = v
    try:
        print(bool(o))
    except Exception as e:
        print(type(e).__name__, e)
# expect: True
# expect: TypeError __bool__ should return bool, returned int
# expect: False
# expect: ValueError __len__() should return >= 0
# expect: TypeError 'float' object cannot be interpreted as an integer
# expect: OverflowError cannot fit 'int' into an index-sized integer
