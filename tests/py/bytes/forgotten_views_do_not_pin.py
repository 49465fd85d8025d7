# Views that nobody refers to any more do not keep a bytearray from changing its size, wherever their last words lie.
class S: pass
def f(n):
    s = S(); s.b = bytearray(b"0123456789" * 10)
    out = memoryview(s.b)[:n].tobytes(); s.b[:n] = b""
    return out
def g(n):
    s = S(); s.b = bytearray(b"0123456789" * 10)
    m = memoryview(s.b)
    x = [m[i:i+1] for i in range(5)]
    del m, x
    s.b += b"xyz"
    s.b.clear()
    return s
def k():
    b = bytearray(100)
    bytes(memoryview(b)[3:])
    b.extend(b"1" * 1000)
    del b[:5]
    memoryview(b)[0:1].tolist()
    b.append(4)
    import struct
    struct.unpack_from("i", memoryview(b)[4:]); b.pop()
    sum(memoryview(b)); b.insert(0, 3)
    for c in memoryview(b)[:3]: pass
    b.append(3)


def deep(d, fn, *a):
    if d:
        return deep(d - 1, fn, *a)
    return fn(*a)


failed = []
for i in range(10):
    for fn, a in ((f, (3,)), (g, (3,)), (k, ())):
        for way in (
            lambda: fn(*a),
            lambda: deep(20, fn, *a),
            lambda: sorted([1], key=lambda _: (fn(*a), 0)[1]),
            lambda: list(map(lambda _: fn(*a), [1])),
        ):
            try:
                way()
            except BufferError as e:
                failed.append((fn.__name__, str(e)))
print(failed)  # expect: []

# A view that is still needed is none of these.
b = bytearray(8)
view = memoryview(b)[2:]
for change in (lambda: b.append(1), lambda: b.extend(view), lambda: b.clear()):
    try:
        change()
    except BufferError as e:
        print(e)
# expect: Existing exports of data: object cannot be re-sized
# expect: Existing exports of data: object cannot be re-sized
# expect: Existing exports of data: object cannot be re-sized
print(bytes(view))  # expect: b'\x00\x00\x00\x00\x00\x00'
