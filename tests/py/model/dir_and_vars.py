class C:
    z = 1
    def __init__(self): self.b, self.a = 1, 2
print(vars(C()), [n for n in dir(C()) if not n.startswith("_")])  # expect: {'b': 1, 'a': 2} ['a', 'b', 'z']
class D:
    def __dir__(self): return ["q", "p"]
print(dir(D()))  # expect: ['p', 'q']
try:
    vars(1)
except TypeError as e:
    print(e)  # expect: vars() argument must have __dict__ attribute
