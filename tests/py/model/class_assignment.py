class A:
    def who(self): return "A"
class B:
    def who(self): return "B"
a = A()
a.__class__ = B
print(a.who(), type(a).__name__)  # expect: B B
class S: __slots__ = ("x",)
for v in (int, 1, S):
    try:
        a.__class__ = v
    except TypeError as e:
        print(e)
        # expect: __class__ assignment only supported for mutable types or ModuleType subclasses
        # expect: __class__ must be set to a class, not 'int' object
        # expect: __class__ assignment: 'S' object layout differs from 'B'
