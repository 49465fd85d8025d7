# Numbers of many digits as ratios, floats, ints and texts.
from decimal import Decimal, MAX_EMAX, MAX_PREC, MIN_EMIN, Context, localcontext
import math
import sys

sys.set_int_max_str_digits(0)

# A ratio in lowest terms: twos or fives, of which there may be many.
for text in ("0.5", "2.5", "-0.125", "0.0000152587890625", "1.5E-30", "75E-3", "0E-5", "1E-20", "256E-8"):
    n, d = Decimal(text).as_integer_ratio()
    print(n, d, math.gcd(n, d))
# expect: 1 2 1
# expect: 5 2 1
# expect: -1 8 1
# expect: 1 65536 1
# expect: 3 2000000000000000000000000000000 1
# expect: 3 40 1
# expect: 0 1 1
# expect: 1 100000000000000000000 1
# expect: 1 390625 1
five, two = Decimal((0, tuple(map(int, str(5**3000))), -3000)), Decimal((0, tuple(map(int, str(2**3000))), -3000))
print(five.as_integer_ratio() == (1, 2**3000), two.as_integer_ratio() == (1, 5**3000))  # expect: True True
n, d = Decimal((0, (1,) * 20_000, -20_000)).as_integer_ratio()
print(n % 10**9, d == 10**20_000)  # expect: 111111111 True
n, d = Decimal((0, tuple(map(int, str(3 * 5**700))), -500)).as_integer_ratio()
print(n == 3 * 5**200, d == 2**500)  # expect: True True

# A float does not see all digits, nor does it need them.
with localcontext(Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)):
    long = Decimal("1" + "0" * 700_000 + "E-700000")
    print(float(long), float(-long), float(long + Decimal("1E-690000")))  # expect: 1.0 -1.0 1.0
    half = Decimal(2**53) + 1
    print(float(half) == 2.0**53, float(half + Decimal("1E-5000")) == 2.0**53 + 2)  # expect: True True
    print(float(Decimal("9" * 310)), float(Decimal("9" * 310 + "E-900000")))  # expect: inf 0.0
    print(float(Decimal("0." + "0" * 400_000 + "1" + "E400003")))  # expect: 100.0

a = Decimal("7" * 100_000)
print(len(str(a)), len(repr(a)), len(a.as_tuple().digits), a == int(a), Decimal(a.as_tuple()) == a)  # expect: 100000 100011 100000 True True
