s = slice(1, 10, 2)
print(s, s.start, s.stop, s.step, s.indices(5), slice(None), slice(3).indices(10), slice(None, None, -1).indices(4), slice(1, 2) == slice(1, 2), hash(slice(1)) == hash(slice(1)))  # expect: slice(1, 10, 2) 1 10 2 (1, 5, 2) slice(None, None, None) (0, 3, 1) (3, -1, -1) True True
for f in (lambda: s.indices(-1), lambda: slice(), lambda: slice("a").indices(3), lambda: slice(0, 1, 0).indices(3)):
    try:
        f()
    except (ValueError, TypeError) as e:
        print(type(e).__name__, e)
        # expect: ValueError length should not be negative
        # expect: TypeError slice expected at least 1 argument, got 0
        # expect: TypeError slice indices must be integers or None or have an __index__ method
        # expect: ValueError slice step cannot be zero
