import gc
import sys
from ctypes import *

libc = CDLL(None)
COMPARE = CFUNCTYPE(c_int, POINTER(c_int), POINTER(c_int))
calls = 0


def compare(a, b):
    global calls
    calls += 1
    if calls % 50 == 0:
        gc.collect()
    return (a[0] > b[0]) - (a[0] < b[0])


values = [i * 7919 % 1009 for i in range(500)]
array = (c_int * len(values))(*values)
libc.qsort(array, len(array), sizeof(c_int), COMPARE(compare))
print(list(array) == sorted(values), calls > 500)

# A callback within a callback.
inner = CFUNCTYPE(c_int, c_int)(lambda x: x + 1)
outer = CFUNCTYPE(c_int, c_int)(lambda x: inner(x) * 2)
print(outer(20))


def fails(a, b):
    raise ValueError("in a callback")


sys.unraisablehook = lambda u: print(u.err_msg.partition(" <")[0], repr(u.exc_value))
libc.qsort((c_int * 2)(2, 1), 2, sizeof(c_int), COMPARE(fails))
print(CFUNCTYPE(c_double, c_float, c_double, c_longlong)(lambda a, b, c: a + b + c)(0.5, 0.25, 1 << 40))
print(CFUNCTYPE(c_bool, c_byte, c_ubyte, c_short, c_ushort)(lambda *a: print(a) or True)(-1, 255, -2, 65535))
print(CFUNCTYPE(py_object, py_object)(lambda x: [x, x])("object"))


class Point(Structure):
    _fields_ = [("x", c_double), ("y", c_double)]


print(CFUNCTYPE(c_double, Point)(lambda p: p.x * p.y)(Point(3, 4)))


def deep(n):
    return 0 if n == 0 else 1 + recursive(n - 1)


recursive = CFUNCTYPE(c_int, c_int)(deep)
print(recursive(50))
# expect: True True
# expect: 42
# expect: Exception ignored while calling ctypes callback function ValueError('in a callback')
# expect: 1099511627776.75
# expect: (-1, 255, -2, 65535)
# expect: True
# expect: ['object', 'object']
# expect: 12.0
# expect: 50
