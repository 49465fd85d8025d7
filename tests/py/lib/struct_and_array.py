import struct, array
print(struct.pack("<hIq?5s", -1, 2, 3, True, b"ab"), struct.unpack(">HB", b"\x01\x02\x03"), struct.calcsize("@bi"))  # expect: b'\xff\xff\x02\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x01ab\x00\x00\x00' (258, 3) 8
a = array.array("i", [1, 2]); a.append(3); a.extend([4])
print(a, a.tobytes(), a[1:], a.typecode, a.itemsize)  # expect: array('i', [1, 2, 3, 4]) b'\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00\x04\x00\x00\x00' array('i', [2, 3, 4]) i 4
for f in (lambda: struct.pack("b", 200), lambda: struct.unpack("i", b"a"), lambda: a.append("x"), lambda: struct.pack("i"), lambda: struct.calcsize("z")):
    try:
        f()
    except (struct.error, TypeError) as e:
        print(type(e).__name__, e)
        # expect: error 'b' format requires -128 <= number <= 127
        # expect: error unpack requires a buffer of 4 bytes
        # expect: TypeError 'str' object cannot be interpreted as an integer
        # expect: error pack expected 1 items for packing (got 0)
        # expect: error bad char in struct format
