class L:
    def __add__(self, o): print("L.add"); return NotImplemented
class R:
    def __radd__(self, o): print("R.radd"); return "r"
print(L() + R())
class Sub(L):
    def __radd__(self, o): print("Sub.radd first"); return "sub"
print(L() + Sub())
try:
    L() + 1
except TypeError as e:
    print(e)
# expect: L.add
# expect: R.radd
# expect: r
# expect: Sub.radd first
# expect: sub
# expect: L.add
# expect: unsupported operand type(s) for +: 'L' and 'int'
