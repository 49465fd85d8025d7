print("ab" * 3, 2 * "x", "a" * 0, "a" * -1, "a" + "é" + "😀")  # expect: ababab xx   aé😀
for f in (lambda: "a" * 1.5, lambda: "a" + b"b", lambda: "a" + None, lambda: "ab" * (1 << 62)):
    try:
        f()
    except (TypeError, OverflowError, MemoryError) as e:
        print(type(e).__name__, e)
        # expect: TypeError can't multiply sequence by non-int of type 'float'
        # expect: TypeError can only concatenate str (not "bytes") to str
        # expect: TypeError can only concatenate str (not "NoneType") to str
        # expect: OverflowError repeated string is too long
