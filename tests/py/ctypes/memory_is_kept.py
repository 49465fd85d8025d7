import gc
from ctypes import *


class Node(Structure):
    pass


Node._fields_ = [("value", c_int), ("name", c_char_p), ("next", POINTER(Node))]
head = None
for i in range(100):
    node = Node(i, b"node %d" % i)
    if head is not None:
        node.next = pointer(head)
    head = node
gc.collect()
junk = [bytes(40) for _ in range(10000)]
n, total, names = head, 0, 0
while True:
    total += n.value
    names += n.name == b"node %d" % n.value
    if not n.next:
        break
    n = n.next.contents
print(total, names)

p = cast((c_int * 4)(1, 2, 3, 4), POINTER(c_int))
gc.collect()
junk = [(c_int * 4)() for _ in range(1000)]
print(p[:4])
b = bytearray(b"0123456789abcdef")
view = (c_char * 8).from_buffer(b, 4)
view[0:2] = b"XY"
print(b, view.raw)
try:
    b.append(1)
except BufferError as e:
    print("BufferError")
buf = create_string_buffer(4)
m = memoryview(buf)
resize(buf, 1 << 16)
print(m.format, m.itemsize)
print(sizeof(buf), len(m), m.readonly)
for f in (lambda: POINTER(c_int)().contents, lambda: POINTER(c_int)()[0], lambda: py_object().value):
    try:
        f()
    except ValueError as e:
        print(e)
words = [c_wchar_p("word %d" % i) for i in range(50)]
gc.collect()
print(all(w.value == "word %d" % i for i, w in enumerate(words)))
# expect: 4950 100
# expect: [1, 2, 3, 4]
# expect: bytearray(b'0123XY6789abcdef') b'XY6789ab'
# expect: BufferError
# expect: <c 1
# expect: 65536 4 False
# expect: NULL pointer access
# expect: NULL pointer access
# expect: PyObject is NULL
# expect: True
