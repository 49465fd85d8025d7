# Precisions beyond all memory take only what the numbers need.
import decimal
from decimal import Context, Decimal, Inexact, MAX_EMAX, MAX_PREC, MIN_EMIN, localcontext

with localcontext(Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact])):
    f = Decimal(1)
    for i in range(1, 500):
        f *= i
    print(len(str(f)), f % 997, hash(f) == hash(int(f)), Decimal(int(f)) == f)  # expect: 1132 418 True True
    print(f - 1 + 1 == f, (f * f) // f == f)  # expect: True True
    for what in (lambda: Decimal("1e999999999999999999") + 1, lambda: Decimal(1) / 3, lambda: Decimal(2).sqrt(), lambda: Decimal(2).ln()):
        try:
            print(what())
        except MemoryError as e:
            print("MemoryError")
            # expect: MemoryError
            # expect: MemoryError
            # expect: MemoryError
            # expect: MemoryError

# Long numbers: products, quotients, roots and conversions that take each other back.
with localcontext(prec=200_000):
    a = Decimal("7" * 50_000)
    b = Decimal("3" * 30_001)
    p = a * b
    print(len(p.as_tuple().digits), p // b == a, p % a, (p + 5) % a)  # expect: 80001 True 0 5
    print(p == int(a) * int(b), (a * a).sqrt() == a)  # expect: True True
    print(str(p)[:20], str(p)[-20:])  # expect: 25925925925925925925 40740740740740740741
    x = Decimal(2).sqrt()
    print(str(x)[-10:], abs(x * x - 2) < Decimal("1e-199998"))  # expect: 8112695576 True

with localcontext(prec=2000):
    e = Decimal(1).exp()
    print(str(e)[-12:], abs(e.ln() - 1) < Decimal("1e-1998"))  # expect: 610852639814 True
    print(Decimal(10) ** Decimal("0.5") == Decimal(10).sqrt())  # expect: True
