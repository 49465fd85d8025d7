for f in (lambda: 2.0 ** 10000, lambda: (-8.0) ** (1 / 3), lambda: 10.0 ** -400, lambda: 0.0 ** 0, lambda: 1e308 * 10, lambda: (-2.0) ** 2):
    try:
        print(f())
    except OverflowError as e:
        print(e)
import math
for f in (lambda: math.sqrt(-1), lambda: math.exp(1000), lambda: math.log(0), lambda: math.factorial(-1), lambda: math.gcd(12, 18)):
    try:
        print(f())
    except (ValueError, OverflowError) as e:
        print(type(e).__name__, e)
# expect: (34, 'Numerical result out of range')
# expect: (1.0000000000000002+1.7320508075688772j)
# expect: 0.0
# expect: 1.0
# expect: inf
# expect: 4.0
# expect: ValueError expected a nonnegative input, got -1.0
# expect: OverflowError math range error
# expect: ValueError expected a positive input
# expect: ValueError factorial() not defined for negative values
# expect: 6
