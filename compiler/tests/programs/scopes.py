"""Scopes: closures, classes, comprehensions, globals, mangling, super."""


def counter():
    n = 0
    def inc(step=1):
        nonlocal n
        n += step
        return n
    return inc, lambda: n

inc, get = counter()
assert (inc(), inc(5), get()) == (1, 6, 6)


def late():
    fs = [lambda: i for i in range(3)]
    gs = []
    for i in range(3):
        gs.append(lambda i=i: i)
    return [f() for f in fs], [g() for g in gs], i

assert late() == ([2, 2, 2], [0, 1, 2], 2)


def isolation(x):
    y = [x for x in (1, 2)]
    z = {x: x for x in y}
    w = [(lambda: x)() for x in (7,)]
    def g(): return x
    return x, y, z, w, g()

assert isolation("p") == ("p", [1, 2], {1: 1, 2: 2}, [7], "p")


def comp_error(x):
    try:
        [1 // x for x in (1, 0)]
    except ZeroDivisionError:
        return x

assert comp_error("kept") == "kept"


def comp_unbound():
    try:
        [x for y in (1,) for x in x]
    except UnboundLocalError as e:
        return "x" in str(e)

assert comp_unbound()


def nested(a):
    return [[(x, y) for y in range(x)] for x in a], [x + y for x in a for y in a if x < y], {z for x in [[1, 2], [2]] for z in x}

assert nested([1, 2]) == ([[(1, 0)], [(2, 0), (2, 1)]], [3], {1, 2})


def walrus_comp():
    [last := i for i in range(5)]
    any((hit := i) > 2 for i in range(5))
    return last, hit

assert walrus_comp() == (4, 3)
[mod_last := q for q in range(3)]
assert mod_last == 2
try:
    q
except NameError:
    pass
else:
    assert 0

v = "global"


class C:
    v = "class"
    a = [v for _ in (1,)]
    b = [i for i in (1, 2)]
    def m(self): return v
    c = (lambda self: v)
    d = list(v for _ in (1,))
    __secret = 5
    def get(self): return self.__secret
    def set(self, val): self.__secret = val; self.__class__.__other = 1; return dir(self)

assert C.a == ["global"] and C.b == [1, 2] and C().m() == "global" and C().c() == "global" and C.d == ["global"]
c = C()
assert c.get() == 5 and "_C__secret" in c.set(6) and c._C__secret == 6 and C._C__other == 1
assert not hasattr(C, "i")
assert C.__static_attributes__ == ("_C__secret",) or C.__static_attributes__ == ("__secret",), C.__static_attributes__


def free_in_class():
    x = "outer"
    class K:
        y = x
        x = "inner"
        z = x
        def m(self): return x
    return K.y, K.z, K().m()

try:
    free_in_class()
except NameError:
    pass
x = "module"
assert free_in_class()[1:] == ("inner", "outer"), free_in_class()


class A:
    def __init__(self, v): self.v = v
    def who(self): return "A"
    @classmethod
    def make(cls): return cls
    k = 3


class B(A):
    def __init__(self): super().__init__(1); self.w = super().k
    def who(self): return "B" + super().who() + super(B, self).who()
    @classmethod
    def make(cls): return super().make(), __class__
    def lam(self): return (lambda: super(B, self).who())(), [super(B, self).k for _ in (1,)]
    def nested(self):
        def f(): return __class__
        return f()
    def comp(self): return [super().k for _ in (1,)]

b = B()
assert (b.v, b.w, b.who(), B.make(), b.lam(), b.nested()) == (1, 3, "BAA", (B, B), ("A", [3]), B)
assert b.comp() == [3]


class Meta(type):
    def __new__(m, name, bases, ns, **kw):
        t = super().__new__(m, name, bases, ns)
        t.kw = kw
        return t


class D(A, metaclass=Meta, flag=1):
    """doc"""
    def f(self): return __class__

assert D.kw == {"flag": 1} and D.__doc__ == "doc" and D(1).f() is D
assert D.__qualname__ == "D" and D.f.__qualname__ == "D.f" and D.__module__ == __name__ and D.__firstlineno__ > 100


def qual():
    def inner(): pass
    class L:
        def m(self): return lambda: 1
    return inner.__qualname__, L.__qualname__, L().m().__qualname__

assert qual() == ("qual.<locals>.inner", "qual.<locals>.L", "qual.<locals>.L.m.<locals>.<lambda>")


def globs():
    global gg
    gg = 1
    gg += 1
    def h(): return gg
    return h()

assert globs() == 2 and gg == 2
del gg


def del_cell():
    x = 1
    def f(): return x
    del x
    try:
        f()
    except NameError as e:
        return str(e)

assert del_cell() == "cannot access free variable 'x' where it is not associated with a value in enclosing scope", del_cell()


def kw(a, /, b, *c, d, e=4, **f): return a, b, c, d, e, f

assert kw(1, 2, 3, d=5) == (1, 2, (3,), 5, 4, {})
assert kw(1, b=2, d=3, a=9) == (1, 2, (), 3, 4, {"a": 9})
assert kw(*[1, 2], **{"d": 3}, z=1) == (1, 2, (), 3, 4, {"z": 1})
assert (lambda *a, k=1, **d: (a, k, d))(1, k=2, z=3) == ((1,), 2, {"z": 3})


def doc():
    """First.

        Indented.
    Last.
    """

assert doc.__doc__ == "First.\n\n    Indented.\nLast.\n", doc.__doc__


def loc(a):
    b = 1
    del b
    return sorted(locals())

assert loc(1) == ["a"]


class Desc:
    x = 1
    def __class_getitem__(cls, i): return i

assert Desc[1, 2:3] == (1, slice(2, 3))
print("ok")


class Cells:
    fs = [lambda: __class__ for _ in (1,)]
    ds = [lambda: __classdict__ for _ in (1,)]
    def m(self): return __class__

assert Cells.fs[0]() is Cells and Cells().m() is Cells and "fs" in Cells.ds[0]()
try:
    class Direct:
        c = [__class__ for _ in (1,)]
except NameError:
    pass
else:
    assert 0


def pathology():
    __class__ = 1
    class X:
        nonlocal __class__
        __class__ = 42
        def f(self): return __class__
    return __class__, X().f() is X

assert pathology() == (42, True)
print("ok")
