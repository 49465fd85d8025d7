print(float(), float(" 1.5e3 "), float("1_0.5"), float("-INF"), float("nAn"), float(10 ** 20), float(b"2"))  # expect: 0.0 1500.0 10.5 -inf nan 1e+20 2.0
for a in ("", "1.5.2", "1__0", None, "0x1p3", [], 10 ** 400):
    try:
        float(a)
    except (ValueError, TypeError, OverflowError) as e:
        print(type(e).__name__, e)
        # expect: ValueError could not convert string to float: ''
        # expect: ValueError could not convert string to float: '1.5.2'
        # expect: ValueError could not convert string to float: '1__0'
        # expect: TypeError float() argument must be a string or a real number, not 'NoneType'
        # expect: ValueError could not convert string to float: '0x1p3'
        # expect: TypeError float() argument must be a string or a real number, not 'list'
        # expect: OverflowError int too large to convert to float
