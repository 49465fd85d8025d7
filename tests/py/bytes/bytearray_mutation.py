a = bytearray(b"abc")
a.append(100); a.extend(b"ef"); a.insert(0, 33); a[1:3] = b"XYZ"; del a[0]; a += b"!"; a *= 2
print(a, a.pop(), a.pop(0), len(a))  # expect: bytearray(b'YZcdef!XYZcdef') 33 88 14
a.reverse(); a.remove(ord("c")); print(a); a.clear(); print(a, bool(a))
# expect: bytearray(b'fedZYX!fedcZY')
# expect: bytearray(b'') False
for f in (lambda: a.pop(), lambda: a.append(256), lambda: a.append("x"), lambda: a.remove(1), lambda: a.__setitem__(0, 1), lambda: a.extend([300]), lambda: hash(a)):
    try:
        f()
    except (IndexError, ValueError, TypeError) as e:
        print(type(e).__name__, e)
        # expect: IndexError pop from empty bytearray
        # expect: ValueError byte must be in range(0, 256)
        # expect: TypeError 'str' object cannot be interpreted as an integer
        # expect: ValueError value not found in bytearray
        # expect: IndexError bytearray index out of range
        # expect: ValueError byte must be in range(0, 256)
        # expect: TypeError unhashable type: 'bytearray'
