print(str(), str(1), str(b"a"), str(b"\xc3\xa9", "utf-8"), str(b"x", errors="strict"), str(object=5), str(None))  # expect:  1 b'a' é x 5 None
for a in ((1, "utf-8"), ("a", "utf-8"), (b"\xff", "ascii")):
    try:
        str(*a)
    except (TypeError, UnicodeError) as e:
        print(type(e).__name__, e)
        # expect: TypeError decoding to str: need a bytes-like object, int found
        # expect: TypeError decoding str is not supported
        # expect: UnicodeDecodeError 'ascii' codec can't decode byte 0xff in position 0: ordinal not in range(128)
