print(abs(-5), abs(-2.5), abs(3 + 4j), divmod(7, 2), pow(2, 10), pow(2, 10, 1000), pow(2.0, 3), round(2.567, 1), pow(base=2, exp=3))  # expect: 5 2.5 5.0 (3, 1) 1024 24 8.0 2.6 8
for f in (lambda: pow(2, -1, 4), lambda: pow(2, 3, 0), lambda: pow(2.0, 3, 5), lambda: abs("a"), lambda: round("a")):
    try:
        f()
    except (ValueError, TypeError) as e:
        print(type(e).__name__, e)
        # expect: ValueError base is not invertible for the given modulus
        # expect: ValueError pow() 3rd argument cannot be 0
        # expect: TypeError pow() 3rd argument not allowed unless all arguments are integers
        # expect: TypeError bad operand type for abs(): 'str'
        # expect: TypeError type str doesn't define __round__ method
