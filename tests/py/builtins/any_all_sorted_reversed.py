print(any([]), all([]), any([0, 2]), all([1, 0]), list(reversed("abc")), sorted("hello", reverse=True))  # expect: False True True False ['c', 'b', 'a'] ['o', 'l', 'l', 'h', 'e']
for f in (lambda: reversed({1}), lambda: any(1), lambda: sorted(1), lambda: sorted([1], 2)):
    try:
        f()
    except TypeError as e:
        print(e)
        # expect: 'set' object is not reversible
        # expect: 'int' object is not iterable
        # expect: 'int' object is not iterable
        # expect: sorted expected 1 argument, got 2
