T = "global"
def f[T](x: T) -> T:
    return T
print(f(1), T)  # expect: T global
class C[T]:
    a = T
    def m(self): return T
print(C.a, C().m() is C.a)  # expect: T True
