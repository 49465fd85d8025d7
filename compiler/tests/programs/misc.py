"""Strings, displays, calls of any size, imports, folding, del."""
a, b = 5, "q"
assert f"{a}{b!r:>5}{{}}{a=}{ a + 1 = :>4}{b:{'>'}{a}}" == "5  'q'{}a=5 a + 1 =    6    q", f"{a}{b!r:>5}{{}}{a=}{ a + 1 = :>4}{b:{'>'}{a}}"
assert f"" == "" and "x" f"{a}" "y" == "x5y" and f"{a!s}{b!a}" == "5'q'" and f"{3.14159:.2f}" == "3.14"
assert len("\ud800\udfff") == 2 and ord("\ud800") == 0xd800 and "\N{BULLET}" == "•" and b"\x00\377" == bytes([0, 255])
t = t"a{a + 1!r:>{a}}b"
assert t.strings == ("a", "b") and t.interpolations[0].value == 6
assert t.interpolations[0].expression == "a + 1" and t.interpolations[0].conversion == "r"
assert t.interpolations[0].format_spec == ">5"
assert 2 ** 100 == 1267650600228229401496703205376 and -7 // 2 == -4 and -7 % 3 == 2 and 7 % -3 == -2
assert 1 + 2 * 3 - 4 == 3 and (1, 2) + (3,) == (1, 2, 3) and "ab" * 2 == "abab" and not () and 3 & 5 | 2 ^ 1 == 3
assert 0x_ff == 255 and 1_000 == 1000 and 1e3 == 1000.0 and 1j * 1j == -1 and -0.0 == 0 and str(-0.0) == "-0.0"
assert (1, 2, 3)[1] == 2 and "abc"[-1] == "c" and True + True == 2 and ~5 == -6 and 10 / 4 == 2.5
try:
    1 // 0
except ZeroDivisionError:
    pass
try:
    (1, 2)[5]
except IndexError:
    pass
f = lambda *a, **k: (len(a), len(k))
big = eval("[" + ", ".join(f"a + {i}" for i in range(500)) + "]")
assert big == [5 + i for i in range(500)]
assert eval("(" + ", ".join(f"a + {i}" for i in range(300)) + ")") == tuple(big[:300])
assert eval("{" + ", ".join(f"a + {i}" for i in range(300)) + "}") == set(big[:300])
assert eval("{" + ", ".join(f"{i}: a + {i}" for i in range(300)) + "}") == {i: 5 + i for i in range(300)}
assert eval("f(" + ", ".join(f"a + {i}" for i in range(300)) + ", **{" + ", ".join(f"'k{i}': {i}" for i in range(3)) + "})") == (300, 3)
assert eval("f(" + ", ".join(f"k{i} = a" for i in range(300)) + ")") == (0, 300)
assert eval("f'" + "{a}x" * 300 + "'") == "5x" * 300
assert eval("a" + " + 1" * 3000) == 3005
assert eval("not " * 500 + "a") is True
l = [1, 2, 3]
assert [*l, 4, *l] == [1, 2, 3, 4, 1, 2, 3] and (*l,) == (1, 2, 3) and {*l, 1} == {1, 2, 3}
assert {**{"a": 1}, "a": 2, **{"b": 3}} == {"a": 2, "b": 3}
assert l[::2] == [1, 3] and l[1:] == [2, 3] and l[:-1] == [1, 2] and l[:] == l and l[a - 4:a] == [2, 3]
l[1:2] = [7, 8]
assert l == [1, 7, 8, 3]
l[::2] = "ab"
assert l == ["a", 7, "b", 3]
del l[0], l[-1:]
assert l == [7, "b"]
l += [1]
l *= 2
assert l == [7, "b", 1, 7, "b", 1]
x = y = []
x += [1]
assert y == [1]
try:
    f(**{"a": 1}, a=2)
except TypeError as e:
    assert "multiple values for keyword argument 'a'" in str(e), e
try:
    f(*1)
except TypeError as e:
    assert "must be an iterable" in str(e), e
assert __debug__ is True and __name__ == "__main__"
assert 5 in [1, 5] and 5 not in {1} and (3 in (1, 2)) is False
class Cmp:
    def __eq__(self, o): return "eq"
    def __lt__(self, o): return ""
    def __contains__(self, o): return "yes"
assert (Cmp() == 1) == "eq" and (Cmp() < 1) == "" and (1 in Cmp()) is True and (Cmp() < 1 < 2) == ""
assert (1 < 2 < 3) is True and (1 < 3 < 2) is False and (lambda: (yield))().__class__.__name__ == "generator"
exec("q = [i for i in range(3)]; r = i if 0 else 5")
assert q == [0, 1, 2] and r == 5
ns = {"k": 1}
exec("def g(): return k\nh = [k for _ in (1,)]\ndel k", ns)
assert ns["h"] == [1] and "k" not in ns
assert eval("[v for v in w]", {}, {"w": (1, 2)}) == [1, 2]
from sys import path as p, version_info
import sys as s
assert s.path is p and s.version_info is version_info
print("ok")
