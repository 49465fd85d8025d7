class L:
    def __add__(self, o): print("L.add"); return NotImplemented
class R:
    def __radd__(self, o): print("R.radd"); return "r"
print(L() + R())
# expect: L.add
# expect: R.radd
# expect: r
class Sub(L):
    def __radd__(self, o): print("Sub.radd first"); return "sub"
print(L() + Sub())
# expect: Sub.radd first
# expect: sub
try:
    L() + 1  # expect: L.add
except TypeError as e:
    print(e)  # expect: unsupported operand type(s) for +: 'L' and 'int'
