"""match."""


class P:
    __match_args__ = ("x", "y")
    def __init__(self, x, y): self.x, self.y = x, y


def m(v):
    match v:
        case 0 | 1.5: return "num"
        case -3: return "neg"
        case 2 + 3j: return "cplx"
        case "s" | b"b": return "str"
        case None | True | False: return v
        case []: return "empty"
        case [1, x]: return ("1x", x)
        case [a, *rest] if a == 7: return ("7", rest)
        case [*_, 99]: return "99"
        case (a, b, *_, c) if a is not b: return (a, b, c)
        case {}if not v: return "emptymap"
        case {"k": k, "n": {"z": [z, *_]}, **kw}: return (k, z, kw)
        case {"k": 1 | 2 as one}: return one
        case P(x=0): return "x0"
        case P(1, y) | P(y, 1): return ("y", y)
        case P(P(a, _), b): return (a, b)
        case int(n) | float(n): return n
        case str() as s: return s.upper()
        case set() | frozenset(): return "set"
        case _: return "other"

for v, want in [(0, "num"), (1.5, "num"), (-3, "neg"), (2 + 3j, "cplx"), ("s", "str"), (b"b", "str"), (None, None),
                (True, True), ([], "empty"), ((1, 5), ("1x", 5)), ([7, 8, 9], ("7", [8, 9])), ([3, 99], "99"),
                ([5, 6, 7, 8], (5, 6, 8)), ({}, "emptymap"), ({"k": 3, "n": {"z": [4, 5]}, "q": 1}, (3, 4, {"q": 1})),
                ({"k": 2}, 2), (P(0, 1), "x0"), (P(1, 5), ("y", 5)), (P(6, 1), ("y", 6)), (P(P(1, 2), 3), (1, 3)),
                (42, 42), (2.5, 2.5), ("abc", "ABC"), ({1}, "set"), (object, "other")]:
    assert m(v) == want, (v, m(v), want)


def binding():
    x = y = "old"
    match (1, 2):
        case (x, 3): pass
        case (y, 2) if y == 5: pass
        case _: pass
    return x, y

assert binding() == ("old", 1), binding()


def subject(x):
    match x:
        case [x, 5]: return "no"
        case [x, 6]: return x
    return x

assert subject([1, 6]) == 1 and subject(3) == 3


class K: A = 1


def dotted(v):
    match v:
        case K.A: return "A"
        case (K.A, K.A as q): return q

assert dotted(1) == "A" and dotted((1, 1)) == 1 and dotted(2) is None


def fallthrough(v):
    match v:
        case 1: r = "one"
        case 2: pass
    try:
        return r
    except UnboundLocalError:
        return "unbound"

assert fallthrough(1) == "one" and fallthrough(2) == fallthrough(3) == "unbound"
match [1, [2, [3, 4]]]:
    case [a, [b, [*c]]]: assert (a, b, c) == (1, 2, [3, 4])
match {"a": 1}:
    case {"a": int(z), **more}: assert z == 1 and more == {}
print("ok")
