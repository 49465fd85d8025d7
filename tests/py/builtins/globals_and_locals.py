def f(a):
    b = 2
    return locals()
print(f(1), "f" in globals(), locals() is globals())  # expect: {'a': 1, 'b': 2} True True
def g():
    x = 1
    locals()["x"] = 2
    return x
print(g())  # expect: 1
class C:
    v = 1
    w = sorted(k for k in locals() if not k.startswith("__"))
print(C.w)  # expect: ['v']
