# What the module says of wrong arguments.
import decimal
from decimal import *

def said(f, *a, **k):
    try:
        print(f(*a, **k))
    except (ArithmeticError, TypeError, ValueError, AttributeError) as e:
        print(type(e).__name__, e)

said(Decimal, "abc")  # expect: InvalidOperation [<class 'decimal.ConversionSyntax'>]
said(Decimal, "1e9999999999999999999")  # expect: InvalidOperation [<class 'decimal.InvalidOperation'>]
said(Decimal, object())  # expect: TypeError conversion from object to Decimal is not supported
said(Decimal, (1, 2))  # expect: ValueError argument must be a sequence of length 3
said(lambda: Decimal(0) / 0)  # expect: InvalidOperation [<class 'decimal.DivisionUndefined'>]
said(lambda: Decimal(1) / 0)  # expect: DivisionByZero [<class 'decimal.DivisionByZero'>]
said(lambda: Decimal("1e99") // 1)  # expect: InvalidOperation [<class 'decimal.DivisionImpossible'>]
said(lambda: Decimal(1) + 1.5)  # expect: TypeError unsupported operand type(s) for +: 'decimal.Decimal' and 'float'
said(Decimal(1).compare, "x")  # expect: TypeError conversion from str to Decimal is not supported
said(Decimal(1).compare, 2, context=3)  # expect: TypeError optional argument must be a context
said(Context, prec=0)  # expect: ValueError valid range for prec is [1, MAX_PREC]
said(Context, Emin=1)  # expect: ValueError valid range for Emin is [MIN_EMIN, 0]
said(Context, flags=3)  # expect: TypeError argument must be a signal dict
said(delattr, Context(), "prec")  # expect: AttributeError context attributes cannot be deleted
said(IEEEContext, 33)  # expect: ValueError argument must be a multiple of 32, with a maximum of 512
said(format, Decimal(1), "q")  # expect: ValueError invalid format string
said(format, Decimal("-1234567.891"), "015_.2f")  # expect: -001_234_567.89
print(IEEEContext(128))  # expect: Context(prec=34, rounding=ROUND_HALF_EVEN, Emin=-6143, Emax=6144, capitals=1, clamp=1, flags=[], traps=[])
print(decimal.__version__, decimal.HAVE_CONTEXTVAR, decimal.Decimal.__module__)  # expect: 1.70 True decimal
