class C:
    __slots__ = ("a",)
c = C()
def attempt(f):
    try:
        f()
    except AttributeError as e:
        print(e)  # expect: 'C' object has no attribute 'a'
        # expect: 'C' object has no attribute 'b'
        # expect: 'C' object has no attribute 'b' and no __dict__ for setting new attributes
        # expect: type object 'C' has no attribute 'zzz'
        # expect: 'int' object has no attribute 'foo'
        # expect: 'int' object has no attribute 'foo' and no __dict__ for setting new attributes
        # expect: 'object' object has no attribute 'foo'
        # expect: 'NoneType' object has no attribute 'foo'
        # expect: a
        # expect: module 'sys' has no attribute 'no_such'
attempt(lambda: c.a)
attempt(lambda: c.b)
attempt(lambda: setattr(c, "b", 1))
attempt(lambda: C.zzz)
attempt(lambda: (1).foo)
attempt(lambda: setattr(1, "foo", 1))
attempt(lambda: setattr(int, "foo", 1) if False else object().foo)
attempt(lambda: None.foo)
attempt(lambda: delattr(c, "a"))
import sys
attempt(lambda: sys.no_such)
