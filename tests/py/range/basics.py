r = range(2, 20, 3)
print(r, len(r), r[1], r[-1], r[1:3], r[::-1], 5 in r, 6 in r, "a" in r, r.index(8), r.count(8), r.start, r.stop, r.step, list(r))  # expect: range(2, 20, 3) 6 5 17 range(5, 11, 3) range(17, -1, -3) True False False 2 1 2 20 3 [2, 5, 8, 11, 14, 17]
print(range(3) == range(0, 3, 1), range(0) == range(5, 2), hash(range(3)) == hash(range(0, 3)), range(10 ** 30)[-1], list(reversed(range(3))), bool(range(0)))  # expect: True True True 999999999999999999999999999999 [2, 1, 0] False
for f in (lambda: range(1.5), lambda: range(1, 2, 0), lambda: r[10], lambda: r.index(3), lambda: range(), lambda: range(1, 2, 3, 4), lambda: r["a"], lambda: len(range(10 ** 30))):
    try:
        f()
    except (TypeError, ValueError, IndexError, OverflowError) as e:
        print(type(e).__name__, e)
        # expect: TypeError 'float' object cannot be interpreted as an integer
        # expect: ValueError range() arg 3 must not be zero
        # expect: IndexError range object index out of range
        # expect: ValueError range.index(x): x not in range
        # expect: TypeError range expected at least 1 argument, got 0
        # expect: TypeError range expected at most 3 arguments, got 4
        # expect: TypeError range indices must be integers or slices, not str
        # expect: OverflowError Python int too large to convert to C ssize_t
