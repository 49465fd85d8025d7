print(int(), int("12"), int(" -1_0 "), int("ff", 16), int("0b101", 0), int("z", 36), int(3.99), int(-3.99), int(b"7"))  # expect: 0 12 -10 255 5 35 3 -3 7
for a in (("",), ("1__0",), ("12", 1), ("9", 8), (None,), ("0x",), (float("nan"),), (float("inf"),), ("1", 37), (1, 2), ("é",)):
    try:
        int(*a)
    except (ValueError, TypeError, OverflowError) as e:
        print(type(e).__name__, e)
        # expect: ValueError invalid literal for int() with base 10: ''
        # expect: ValueError invalid literal for int() with base 10: '1__0'
        # expect: ValueError int() base must be >= 2 and <= 36, or 0
        # expect: ValueError invalid literal for int() with base 8: '9'
        # expect: TypeError int() argument must be a string, a bytes-like object or a real number, not 'NoneType'
        # expect: ValueError invalid literal for int() with base 10: '0x'
        # expect: ValueError cannot convert float NaN to integer
        # expect: OverflowError cannot convert float infinity to integer
        # expect: ValueError int() base must be >= 2 and <= 36, or 0
        # expect: TypeError int() can't convert non-string with explicit base
        # expect: ValueError invalid literal for int() with base 10: 'é'
