# Wrong arguments of Decimal and Context, and attributes that a Context has not.
import numbers
from decimal import Context, Decimal


def tried(f, *args, **kwargs):
    try:
        print(f(*args, **kwargs))
    except Exception as e:
        print(f"{type(e).__name__}: {e}")


tried(Decimal, 1, 2, 3)  # expect: TypeError: function takes at most 2 arguments (3 given)
tried(Decimal, x=1)  # expect: TypeError: this function got an unexpected keyword argument 'x'
tried(Decimal, 1, value=1)  # expect: TypeError: argument for function given by name ('value') and position (1)
tried(Context, x=1)  # expect: TypeError: this function got an unexpected keyword argument 'x'
tried(Context, *range(9))  # expect: TypeError: function takes at most 8 arguments (9 given)
c = Context()
tried(setattr, c, "x", 1)  # expect: AttributeError: 'decimal.Context' object has no attribute 'x'
tried(delattr, c, "x")  # expect: AttributeError: context attributes cannot be deleted
tried(delattr, c, "prec")  # expect: AttributeError: context attributes cannot be deleted

# Descriptors and methods name their type with its module.
print(Decimal.__add__)  # expect: <slot wrapper '__add__' of 'decimal.Decimal' objects>
print(Decimal.exp)  # expect: <method 'exp' of 'decimal.Decimal' objects>
print(Context.prec)  # expect: <attribute 'prec' of 'decimal.Context' objects>
tried(Decimal.exp, 1)  # expect: TypeError: descriptor 'exp' for 'decimal.Decimal' objects doesn't apply to a 'int' object
tried(Decimal.__neg__, 1)  # expect: TypeError: descriptor '__neg__' requires a 'decimal.Decimal' object but received a 'int'


# Numerator and denominator of a rational are ints.
class Q:
    numerator = 6
    denominator = 4


numbers.Rational.register(Q)
print(Decimal("1.5") == Q(), Decimal(1) < Q(), Decimal(2) < Q())  # expect: True True False
