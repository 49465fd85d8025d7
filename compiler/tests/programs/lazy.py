"""Annotations, type parameters, aliases."""
x: int = 1
if x:
    y: str
else:
    z: bytes
(paren): int = 5


def f(a: int, *b: "str", c: undefined_name = 3, **d: list[int]) -> None: pass

assert f.__kwdefaults__ == {"c": 3}
try:
    f.__annotations__
except NameError:
    pass
else:
    assert 0
undefined_name = 7
assert f.__annotations__ == {"a": int, "b": "str", "c": 7, "d": list[int], "return": None}, f.__annotations__
assert f.__annotate__(1) == f.__annotations__
try:
    f.__annotate__(3)
except NotImplementedError:
    pass
else:
    assert 0
assert __annotate__(1) == {"x": int, "y": str}, __annotate__(1)


class C:
    a: int
    b: "later" = 2
    if x: c: D
    else: d: D
    def m(self, o: C) -> a: pass
    a = "bound"


class D: pass

assert C.__annotations__ == {"a": int, "b": "later", "c": D}, C.__annotations__
assert C.m.__annotations__ == {"o": C, "return": "bound"}, C.m.__annotations__


def local():
    v: print("not evaluated") = 5
    w: also_not
    return v

assert local() == 5


def ident[T](v: T) -> T: return v

T, = ident.__type_params__
assert T.__name__ == "T" and ident(3) == 3 and ident.__annotations__ == {"v": T, "return": T}


def defaults[U: int](a: U = 5, *, k=6) -> U: return a, k

assert defaults() == (5, 6) and defaults.__type_params__[0].__bound__ is int


class G[A, *Ts, **P]:
    attr: A
    def m[B](self, b: B, a: A) -> dict[A, B]: return __class__
    def n(self): return A

assert [p.__name__ for p in G.__type_params__] == ["A", "Ts", "P"]
A, Ts, P = G.__type_params__
assert G().m(1, 2) is G and G().n() is A and G.__annotations__ == {"attr": A}
assert G.m.__annotations__["a"] is A


class H[Q = int](G[Q, int, [str]], list): pass

assert H.__type_params__[0].__default__ is int and issubclass(H, G)

type Alias[K, V] = dict[K, list[V]]
type Rec = list[Rec] | None
assert Alias.__name__ == "Alias" and Alias.__value__ == dict[Alias.__type_params__[0], list[Alias.__type_params__[1]]]
assert Rec.__value__ == list[Rec] | None


def con[T: (int, str)](): pass

assert con.__type_params__[0].__constraints__ == (int, str)


class Scoped:
    val = "class"
    def g[T: val](self): pass
    type X = val

assert Scoped.g.__type_params__[0].__bound__ == "class" and Scoped.X.__value__ == "class"
print("ok")


class Shadow[T]:
    T = "class"
    def meth[U](x: (T for _ in (1,)), y: T): pass

outer_t = Shadow.__type_params__[0]
notes = Shadow.meth.__annotations__
assert notes["y"] == "class" and list(notes["x"]) == [outer_t], notes
print("ok")
