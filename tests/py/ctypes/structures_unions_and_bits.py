import pickle
from ctypes import *


class Bits(Structure):
    _fields_ = [("a", c_uint, 3), ("b", c_int, 5), ("c", c_ubyte, 4), ("d", c_longlong, 40)]


b = Bits(7, -1, 18, -5)
print(b.a, b.b, b.c, b.d, sizeof(Bits), Bits.d, bytes(b))


class Net(BigEndianStructure):
    _fields_ = [("port", c_uint16), ("address", c_uint32 * 2), ("ratio", c_double)]


n = Net(0x1234, (1, 2), 0.5)
print(bytes(n).hex(), n.port, list(n.address), n.ratio)


class Pair(Union):
    _fields_ = [("i", c_uint32), ("b", c_ubyte * 4)]


class Outer(Structure):
    _anonymous_ = ["u"]
    _fields_ = [("tag", c_char), ("u", Pair), ("text", c_char * 6), ("wide", c_wchar * 3)]


o = Outer(b"t", (0x01020304,), b"text", "w")
o.b[0] = 0xFF
print(hex(o.i), o.tag, o.text, o.wide, Outer.i.offset, sizeof(Outer), memoryview(o).format)


class Packed(Structure):
    _pack_, _layout_ = 1, "ms"
    _fields_ = [("a", c_char), ("b", c_int64)]


print(sizeof(Packed), alignment(Packed), Packed.b.offset)
print(bytes(pickle.loads(pickle.dumps(n))) == bytes(n))
matrix = (c_int * 3 * 2)((1, 2, 3), (4, 5, 6))
print([list(r) for r in matrix], memoryview(matrix).shape, memoryview(matrix).format)
print([c_longdouble(0.1).value, c_float(0.1).value, c_bool(5).value, c_char(b"x").value, c_int8(200).value])
print(c_double_complex(1 + 2j).value, c_longdouble_complex(3 - 4j).value, c_uint64(-1).value)
big, BIG = c_int.__ctype_be__(1), bytes(c_int.__ctype_be__(1))
print(big.value, BIG)
for f in (
    lambda: Bits(1, 2, 3, 4, 5),
    lambda: Outer(text=b"too long text"),
    lambda: type("X", (Structure,), {"_fields_": [("f", c_float, 3)]}),
    lambda: (c_int * 2)()[2],
    lambda: c_int * -1,
    lambda: Structure(),
    lambda: hash(b),
    lambda: pickle.dumps(c_char_p(b"")),
    lambda: resize(b, 1),
):
    try:
        f()
    except Exception as e:
        print(type(e).__name__, e)
# expect: 7 -1 2 -5 8 <ctypes.CField 'd' type=c_long, ofs=0, bit_size=40, bit_offset=12> b'\xff\xb2\xff\xff\xff\xff\x0f\x00'
# expect: 123400000000000100000002000000003fe0000000000000 4660 [1, 2] 0.5
# expect: 0x10203ff b't' b'text' w 4 28 T{<c:tag:3xB:u:(6)<c:text:2x(3)<u:wide:}
# expect: 9 1 1
# expect: True
# expect: [[1, 2, 3], [4, 5, 6]] (2, 3) <i
# expect: [0.1, 0.10000000149011612, True, b'x', -56]
# expect: (1+2j) (3-4j) 18446744073709551615
# expect: 1 b'\x00\x00\x00\x01'
# expect: TypeError too many initializers
# expect: ValueError bytes too long (13, maximum length 6)
# expect: TypeError bit fields not allowed for type c_float
# expect: IndexError invalid index
# expect: ValueError Array length must be >= 0, not -1
# expect: TypeError abstract class
# expect: TypeError unhashable type
# expect: ValueError ctypes objects containing pointers cannot be pickled
# expect: ValueError minimum size is 8
