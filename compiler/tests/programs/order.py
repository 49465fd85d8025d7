"""Order of evaluation, and locals that are rebound within an expression."""
log = []


def t(x, v=None):
    log.append(x)
    return x if v is None else v


class O:
    def __init__(self): self.d = {}
    def __setitem__(self, k, v): log.append(("set", k, v))
    def __getitem__(self, k): log.append(("get", k)); return 10
    def __delitem__(self, k): log.append(("del", k))
    def __getattr__(self, n): log.append(("attr", n)); return 20


def check(*want):
    assert log == list(want), (log, want)
    log.clear()


def walrus(x):
    return x + (x := 2) + x

assert walrus(1) == 5
assert (lambda f, x: (f(x, x := 5), x))(lambda a, b: (a, b), 1) == ((1, 5), 5)


def more(x, y):
    a = [x, (x := 3), x]
    b = {x: (x := 4), x: x}
    c = (y, (y := y + 1), y)
    d = x < (x := 10) < x + 1
    e = f"{x} {(x := 1)} {x}"
    g = (x, y)[(x := 1)]
    return a, b, c, d, e, g

assert more(1, 2) == ([1, 3, 3], {3: 4, 4: 4}, (2, 3, 3), True, "10 1 1", 3), more(1, 2)


def aug(x):
    x += (x := 5)
    return x

assert aug(1) == 6

o = O()
t("o", o)[t("k")] = t("v")
check("v", "o", "k", ("set", "k", "v"))
t(1) + t(2) * t(3)
check(1, 2, 3)
t("o", o)[t("k")] += t("v", 1)
check("o", "k", ("get", "k"), "v", ("set", "k", 11))
{t(1): t(2), t(3): t(4)}
check(1, 2, 3, 4)
a, o[t("i")] = t("x"), t("y")
check("x", "y", "i", ("set", "i", "y"))
a = o[t(1)] = b = t("v")
check("v", 1, ("set", 1, "v"))
assert a == b == "v"
t("f", lambda *a, **k: None)(t(1), *t("s", ()), t(2), k=t("k"), **t("d", {}))
check("f", 1, "s", 2, "k", "d")
t(1) < t(2) > t(0)
check(1, 2, 0)
t(3) < t(2) > t(0)
check(3, 2)
t("a", 0) or t("b", 0) and t("c")
check("a", "b")
t("x") if t("c", 0) else t("y")
check("c", "y")
del o[t(1)], o[t(2)]
check(1, ("del", 1), 2, ("del", 2))
t("o", o)[t(1):t(2)] = t("v")
check("v", "o", 1, 2, ("set", slice(1, 2), "v"))
o.a.b if 0 else t(1)
check(1)
[t(x) for x in t("it", (1, 2)) if t("if")]
check("it", "if", 1, "if", 2)
{t(k): t("v") for k in (1,)}
check(1, "v")


@t("d1", lambda f: log.append("c1") or f)
@t("d2", lambda f: log.append("c2") or f)
def deco(a=t("default"), *, k=t("kw")): pass

check("d1", "d2", "default", "kw", "c2", "c1")


def swap(a, b, c):
    a, b, c = c, a, b
    a, a = b, c
    x = [0, 1]
    i = 0
    i, x[i] = 1, 9
    return a, b, c, x, i

assert swap(1, 2, 3) == (2, 1, 2, [0, 9], 1), swap(1, 2, 3)


def multi():
    x = y = z = [1]
    x, *y, z = p = 1, 2, 3, 4
    (a, b), [c, *d] = (1, 2), "xyz"
    return x, y, z, p, a, b, c, d

assert multi() == (1, [2, 3], 4, (1, 2, 3, 4), 1, 2, "x", ["y", "z"])


def keep_on_failure():
    x = "old"
    try:
        x = [1, 2][5]
    except IndexError:
        assert x == "old"
    try:
        x = 1 and 2 and int("q")
    except ValueError:
        assert x == "old"
    try:
        x = {"a": 1, **5}
    except TypeError:
        assert x == "old"
    try:
        x, y = 1, 2, 3
    except ValueError:
        assert x == "old"
    try:
        x, y = iter([1])
    except ValueError:
        assert x == "old"
    try:
        x = [int(c) for c in "12q"]
    except ValueError:
        assert x == "old"
    try:
        x = f"{x}{int('q')}"
    except ValueError:
        assert x == "old"
    try:
        for x in 1, 2:
            raise KeyError
    except KeyError:
        assert x == 1

keep_on_failure()
print("ok")


class Truth:
    def __init__(self, v): self.v, self.asked = v, 0
    def __bool__(self): self.asked += 1; return bool(self.v)


def asked(f, *values):
    v = [Truth(x) for x in values]
    r = f(*v)
    return v.index(r), [x.asked for x in v]

assert asked(lambda a, b, c: (a and b) or c, 0, 0, 1) == (2, [1, 0, 0])
assert asked(lambda a, b, c: (a and b) or c, 1, 1, 0) == (1, [1, 1, 0])
assert asked(lambda a, b, c, d: a and (b or c) and d, 1, 0, 1, 1) == (3, [1, 1, 1, 0])
assert asked(lambda a, b, c, d: (a or b) and (c or d), 0, 0, 1, 1) == (1, [1, 1, 0, 0])
assert asked(lambda a, b, c, d: ((a and b) or c) and d, 1, 0, 0, 1) == (2, [1, 1, 1, 0])
assert asked(lambda a, b: 0 or a and 1 and b, 1, 0) == (1, [1, 0])
print("ok")
