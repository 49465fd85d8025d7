class C:
    __slots__ = ("a",)
c = C()
def attempt(f):
    try:
        f()
    except AttributeError as e:
        print(e)
attempt(lambda: c.a)  # expect: 'C' object has no attribute 'a'
attempt(lambda: c.b)  # expect: 'C' object has no attribute 'b'
attempt(lambda: setattr(c, "b", 1))  # expect: 'C' object has no attribute 'b' and no __dict__ for setting new attributes
attempt(lambda: C.zzz)  # expect: type object 'C' has no attribute 'zzz'
attempt(lambda: (1).foo)  # expect: 'int' object has no attribute 'foo'
attempt(lambda: setattr(1, "foo", 1))  # expect: 'int' object has no attribute 'foo' and no __dict__ for setting new attributes
attempt(lambda: object().foo)  # expect: 'object' object has no attribute 'foo'
attempt(lambda: None.foo)  # expect: 'NoneType' object has no attribute 'foo'
attempt(lambda: delattr(c, "a"))  # expect: a
import sys
attempt(lambda: sys.no_such)  # expect: module 'sys' has no attribute 'no_such'
