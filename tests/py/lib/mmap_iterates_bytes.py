# Subscripts of a mapping are ints, its items bytes.
import mmap

with mmap.mmap(-1, 3) as m:
    m[:] = b"abc"
    print(m[0], list(m))  # expect: 97 [b'a', b'b', b'c']
    print(b"b" in m, 98 in m)  # expect: True False
    it = iter(m)
    print(next(it), list(it), list(it))  # expect: b'a' [b'b', b'c'] []
