print(bytes(), bytes(3), bytes([1, 255]), bytes("é", "utf-8"), bytes(b"x"), bytes(bytearray(b"y")), b"\x00'\"\\\n\x7f")  # expect: b'' b'\x00\x00\x00' b'\x01\xff' b'\xc3\xa9' b'x' b'y' b'\x00\'"\\\n\x7f'
for a in (([256],), (["a"],), ("s",), (-1,), (1.5,), (1, "utf-8"), (None,), ([1 << 70],)):
    try:
        bytes(*a)
    except (TypeError, ValueError, OverflowError) as e:
        print(type(e).__name__, e)
        # expect: ValueError bytes must be in range(0, 256)
        # expect: TypeError 'str' object cannot be interpreted as an integer
        # expect: TypeError string argument without an encoding
        # expect: ValueError negative count
        # expect: TypeError cannot convert 'float' object to bytes
        # expect: TypeError encoding without a string argument
        # expect: TypeError cannot convert 'NoneType' object to bytes
        # expect: ValueError bytes must be in range(0, 256)
