t = (1, 2, 3, 2)
print(t.count(2), t.index(2), t.index(2, 2), t + (4,), t * 2, t[1:], (), (1,), tuple("ab"), hash((1, 2)) == hash((1, 2)))  # expect: 2 1 3 (1, 2, 3, 2, 4) (1, 2, 3, 2, 1, 2, 3, 2) (2, 3, 2) () (1,) ('a', 'b') True
for f in (lambda: t.index(9), lambda: t[4], lambda: t + [1], lambda: t["a"], lambda: hash(([],))):
    try:
        f()
    except (ValueError, IndexError, TypeError) as e:
        print(type(e).__name__, e)
        # expect: ValueError tuple.index(x): x not in tuple
        # expect: IndexError tuple index out of range
        # expect: TypeError can only concatenate tuple (not "list") to tuple
        # expect: TypeError tuple indices must be integers or slices, not str
        # expect: TypeError unhashable type: 'list'
print((1, 2) < (1, 2, 0), (1, "a") < (2, None), () == [])  # expect: True True False
