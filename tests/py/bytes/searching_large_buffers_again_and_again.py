"""Each search of a large buffer takes as long as what it looks at, not as the whole: copies would take minutes here."""

import re
import threading
from collections import deque

# Objects are shared from now on.
threading.Thread(target=lambda: None).start()

b = bytearray(50_000_000)
b[::1000] = b"\1" * 50_000
found = 0
at = 0
for _ in range(10_000):
    at = b.index(1, at) + 1
    found += b.startswith(b"\0\0", at) + b.count(1, at - 2, at + 2) + (1 in b)
# expect: 9999001 29999
print(at, found)

pattern = re.compile(b"\0\0\1")
at = 0
for n in range(5_000):
    m = pattern.search(b, at)
    at = m.end()
    assert m.group() == b"\0\0\1"
# expect: 5000001
print(at)

view = memoryview(b)
# expect: 2000
print(sum(1 for m, _ in zip(pattern.finditer(view), range(2000)) if m.group(0) == b"\0\0\1"))
del m
view.release()

q = deque(range(2_000_000))
# expect: 5000
print(sum(5 in q for _ in range(5_000)))

b += b"end"
# expect: b'end'
print(bytes(b[-3:]))
