class C:
    def __new__(cls, *a):
        print("new", a)
        return super().__new__(cls) if a else 42
    def __init__(self, *a): print("init", a)
print(type(C(1)).__name__, C())
# expect: new (1,)
# expect: init (1,)
# expect: new ()
# expect: C 42
class D:
    def __init__(self): return 1
for f in (D, lambda: object(1), lambda: type("E", (), {})(1), lambda: object.__new__(int), lambda: object.__new__(1)):
    try:
        f()
    except TypeError as e:
        print(e)
        # expect: __init__() should return None, not 'int'
        # expect: object() takes no arguments
        # expect: E() takes no arguments
        # expect: object.__new__(int) is not safe, use int.__new__()
        # expect: object.__new__(X): X is not a type object (int)
