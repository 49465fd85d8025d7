m = memoryview(bytearray(b"abcdef"))
print(m[0], bytes(m[1:3]), m.tolist(), m.nbytes, m.format, m.itemsize, m.shape, m.readonly, m[::2].tolist(), m[1:] == b"bcdef")  # expect: 97 b'bc' [97, 98, 99, 100, 101, 102] 6 B 1 (6,) False [97, 99, 101] True
m[0] = 65; m[1:3] = b"ZZ"
print(bytes(m), m.cast("H").shape, m.hex())  # expect: b'AZZdef' (3,) 415a5a646566
for f in (lambda: m.__setitem__(0, 256), lambda: m.__setitem__(slice(0, 2), b"abc"), lambda: m[10], lambda: memoryview("s"), lambda: memoryview(b"a").__setitem__(0, 1), lambda: m.__setitem__(0, "a"), lambda: m["x"]):
    try:
        f()
    except (ValueError, TypeError, IndexError) as e:
        print(type(e).__name__, e)
        # expect: ValueError memoryview: invalid value for format 'B'
        # expect: ValueError memoryview assignment: lvalue and rvalue have different structures
        # expect: IndexError index out of bounds on dimension 1
        # expect: TypeError memoryview: a bytes-like object is required, not 'str'
        # expect: TypeError cannot modify read-only memory
        # expect: TypeError memoryview: invalid type for format 'B'
        # expect: TypeError memoryview: invalid slice key
m.release()
try:
    m[0]
except ValueError as e:
    print(e)  # expect: operation forbidden on released memoryview object
