class A:
    def __iadd__(self, o): return NotImplemented
    def __add__(self, o): return "added"
a = A()
a += 1
print(a)  # expect: added
b = object()
try:
    b += 1
except TypeError as e:
    print(e)  # expect: unsupported operand type(s) for +=: 'object' and 'int'
