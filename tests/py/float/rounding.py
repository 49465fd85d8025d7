print(round(0.5), round(1.5), round(2.5), round(-0.5), round(2.675, 2), round(1e20), round(1234.5678, -2), round(5.0, None))  # expect: 0 2 2 0 2.67 100000000000000000000 1200.0 5
for f in (lambda: round(float("nan")), lambda: round(float("inf")), lambda: round("x"), lambda: round(1.0, 1.0)):
    try:
        f()
    except (ValueError, OverflowError, TypeError) as e:
        print(type(e).__name__, e)
        # expect: ValueError cannot convert float NaN to integer
        # expect: OverflowError cannot convert float infinity to integer
        # expect: TypeError type str doesn't define __round__ method
        # expect: TypeError 'float' object cannot be interpreted as an integer
