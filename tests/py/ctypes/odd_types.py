# Types that are unusual, but no mistake.
import ctypes
from ctypes import CFUNCTYPE, POINTER, Structure, Union, c_char, c_int, c_long, c_wchar, sizeof
import gc

# Unions in unions: two fields of each are at the same place.
U = c_int
for i in range(60):
    U = type(f"U{i}", (Union,), {"_fields_": [("a", U), ("b", U)]})
u = U()
print(sizeof(U), sizeof(u.a))  # expect: 4 4
print(CFUNCTYPE(c_int, U).__name__)  # expect: CFunctionType

# Empty arrays of empty arrays.
E = (c_int * 0) * (1 << 40)
print(sizeof(E), len(E()), sizeof(E * (1 << 40)))  # expect: 0 1099511627776 0
v = memoryview((c_int * 0 * 3 * 2)())
print(v.shape, v.nbytes, v.tobytes())  # expect: (2, 3, 0) 0 b''

# Slices of many items.
chars = (c_char * 200_000).from_buffer_copy(b"ab" * 100_000)
print(len(chars[:]), chars[::2][:3], chars[10:0:-3])  # expect: 200000 b'aaa' b'abab'
wide = (c_wchar * 5)(*"hello")
print(wide[::-1], wide[:0] == "")  # expect: olleh True
print(sum((c_int * 100_000)(*range(100_000))[:]))  # expect: 4999950000

# Large alignment does not matter to how arguments are passed.
class Big(Structure):
    _align_ = 4096
    _fields_ = [("x", c_long)]


print(sizeof(Big), ctypes.alignment(Big), Big(5).x)  # expect: 4096 4096 5

# A function that C calls may drop the last reference to itself.
holder = []
calls = []


def once(a, b):
    holder.clear()
    gc.collect()
    calls.append(1)
    return 0


libc = ctypes.CDLL(None)
holder.append(CFUNCTYPE(c_int, POINTER(c_int), POINTER(c_int))(once))
address = ctypes.cast(holder[0], ctypes.c_void_p).value
numbers = (c_int * 2)(2, 1)
libc.qsort.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p]
libc.qsort.restype = None
libc.qsort(numbers, 2, 4, address)
print(len(calls) > 0)  # expect: True

# Memory that threads resize.
import threading

cell = c_int(7)


def resize(sizes):
    for _ in range(300):
        for n in sizes:
            ctypes.resize(cell, n)
            memoryview(cell).nbytes
            bytes(cell)


threads = [threading.Thread(target=resize, args=(s,)) for s in ((100, 1000, 4), (5000, 8), (50, 60, 20_000))]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(cell.value)  # expect: 7
