class C:
    def f(self): return self.v
c = C()
c.v = 7
m = c.f
print(m(), m.__self__ is c, m.__func__ is C.f, m == c.f, m is c.f)  # expect: 7 True True True False
print(C.f(c))  # expect: 7
try:
    C.f()
except TypeError as e:
    print(e)  # expect: C.f() missing 1 required positional argument: 'self'
