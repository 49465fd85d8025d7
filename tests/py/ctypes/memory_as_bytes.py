# Memory of C types, in whatever format, can be cast to bytes and from there to native formats.
from ctypes import BigEndianStructure, c_char, c_double, c_int


class B(BigEndianStructure):
    _fields_ = [("a", c_int)]


def tried(f):
    try:
        return f()
    except Exception as e:
        return f"{type(e).__name__}: {e}"


m = memoryview((c_int * 2)(1, 2))
print(m.format, m.cast("B").tolist(), m.cast("c")[0])  # expect: <i [1, 0, 0, 0, 2, 0, 0, 0] b'\x01'
print(m.cast("B").cast("i").tolist())  # expect: [1, 2]
print(tried(lambda: m.cast("i")))  # expect: TypeError: memoryview: cannot cast between two non-byte formats
print(tried(lambda: m.tolist()))  # expect: NotImplementedError: memoryview: unsupported format <i
print(tried(lambda: m[0]))  # expect: NotImplementedError: memoryview: unsupported format <i
print(memoryview((c_char * 3)(b"a", b"b")).cast("B").tolist())  # expect: [97, 98, 0]
print(memoryview(c_double(1.5)).cast("B").tolist())  # expect: [0, 0, 0, 0, 0, 0, 248, 63]
print(memoryview(B(258)).cast("B").tolist())  # expect: [0, 0, 1, 2]
print(tried(lambda: memoryview(B()).cast("<i")))  # expect: ValueError: memoryview: destination format must be a native single character format prefixed with an optional '@'

# What is no C type is named.
from ctypes import Structure, _Pointer

print(tried(lambda: type(_Pointer)("Z", (_Pointer,), {"_type_": int})))  # expect: TypeError: <class 'int'> must have storage info
print(tried(lambda: Structure.from_param(1)))  # expect: TypeError: expected _ctypes.Structure instance instead of int
print(tried(lambda: c_int.from_buffer(bytearray(8), 10**30)))  # expect: OverflowError: Python int too large to convert to C ssize_t
