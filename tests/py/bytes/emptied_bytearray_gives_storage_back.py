# A large bytearray that was emptied keeps no storage, and grows again.
import sys

b = bytearray(1_000_000)
b.clear()
print(len(b), sys.getsizeof(b) < 1000)  # expect: 0 True
b += b"abc"
print(b, sys.getsizeof(b) < 1000)  # expect: bytearray(b'abc') True
b = bytearray(1_000_000)
del b[:]
print(len(b), sys.getsizeof(b) < 1000)  # expect: 0 True
b.extend(b"x" * 100_000)
with memoryview(b):
    try:
        b.clear()
    except BufferError as e:
        print(e, len(b))  # expect: Existing exports of data: object cannot be re-sized 100000
b[:] = b""
print(b, sys.getsizeof(b) < 1000)  # expect: bytearray(b'') True
