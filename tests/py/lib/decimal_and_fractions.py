from decimal import Decimal, getcontext, ROUND_HALF_UP, InvalidOperation
from fractions import Fraction
getcontext().prec = 10
print(Decimal("0.1") + Decimal("0.2"), Decimal(1) / 3, Decimal("2.675").quantize(Decimal("0.01"), ROUND_HALF_UP), repr(Decimal("-0")), Decimal(2).sqrt(), f"{Decimal('1234.5'):,.2f}")  # expect: 0.3 0.3333333333 2.68 Decimal('-0') 1.414213562 1,234.50
print(Fraction(3, 6), Fraction("0.125"), Fraction(0.5) + 1, Fraction(1, 3).limit_denominator(2), repr(Fraction(-1, 2)))  # expect: 1/2 1/8 3/2 1/2 Fraction(-1, 2)
try:
    Decimal("abc")
except InvalidOperation as e:
    print(type(e).__name__)  # expect: InvalidOperation
