# Definitions and comparisons of any length need few registers.
log = []
def d(i):
    log.append(i)
    def deco(f):
        log.append(-i)
        f.n = getattr(f, "n", 0) * 3 % 1000003 + i
        return f
    return deco
N = 300
space = {"d": d}
exec("".join(f"@d({i})\n" for i in range(N)) + "class C: pass\n"
     + "def g():\n" + "".join(f" @d({i})\n" for i in range(N)) + " def f[T](x: T) -> T: return x\n return f\n", space)
f = space["g"]()
print(log == (list(range(N)) + [-i for i in reversed(range(N))]) * 2, f(4), f.n == space["C"].n)
# expect: True 4 True
try:
    exec("@d(1)\n" * 250 + "@None\n" + "def f(): pass", space)
except TypeError as e:
    print(e)
# expect: 'NoneType' object is not callable
for k in (3, 50, 51, 52, 1000):
    seen = []
    def v(i):
        seen.append(i)
        return i
    all_of = eval(" < ".join(f"v({i})" for i in range(k)))
    print(all_of, seen == list(range(k)), end=" ")
    seen.clear()
    print(eval(" < ".join(f"v({i})" for i in range(k - 1)) + " < v(0) < v(9)"), len(seen) == k, end=" ")
    exec("def h(a):\n  if " + " <= ".join(["a", "(a := a + 1)"] * k) + ": return a\n  return -a\n"
         "def w(a):\n  return " + " == ".join(["a"] * k) + "\n", space)
    print(space["h"](1) == 1 + k, space["w"](3))
# expect: True True False True True True
# expect: True True False True True True
# expect: True True False True True True
# expect: True True False True True True
# expect: True True False True True True
compile("@a\n" * 100000 + "def f(): pass", "x", "exec")
compile("x = " + " < ".join("a" * 100000), "x", "exec")
compile("try: pass\n" + "except a: pass\n" * 100000, "x", "exec")
