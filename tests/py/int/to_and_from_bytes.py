print((1024).to_bytes(2), (1024).to_bytes(2, "little"), (-1).to_bytes(1, signed=True))  # expect: b'\x04\x00' b'\x00\x04' b'\xff'
print(int.from_bytes(b"\x01\x00"), int.from_bytes(b"\xff", signed=True), int.from_bytes([1, 2], "little"))  # expect: 256 -1 513
for f in (lambda: (256).to_bytes(1), lambda: (-1).to_bytes(1), lambda: (1).to_bytes(-1), lambda: (1).to_bytes(1, "x")):
    try:
        f()
    except (OverflowError, ValueError) as e:
        print(type(e).__name__, e)
        # expect: OverflowError int too big to convert
        # expect: OverflowError can't convert negative int to unsigned
        # expect: ValueError length argument must be non-negative
        # expect: ValueError byteorder must be either 'little' or 'big'
