print(min(3, 1, 2), max([1, 5, 3]), min("b", "a", key=ord), max([], default=0), sum([1, 2.5]), sum([[1], [2]], []), sum(range(5), start=10), max((1, "a"), (1, "b")))  # expect: 1 5 a 0 3.5 [1, 2] 20 (1, 'b')
for f in (lambda: min([]), lambda: max(), lambda: min(1), lambda: max(1, "a"), lambda: sum(["a"]), lambda: sum("ab", ""), lambda: max(1, 2, default=3), lambda: sum(1)):
    try:
        f()
    except (ValueError, TypeError) as e:
        print(type(e).__name__, e)
        # expect: ValueError min() iterable argument is empty
        # expect: TypeError max expected at least 1 argument, got 0
        # expect: TypeError 'int' object is not iterable
        # expect: TypeError '>' not supported between instances of 'str' and 'int'
        # expect: TypeError unsupported operand type(s) for +: 'int' and 'str'
        # expect: TypeError sum() can't sum strings [use ''.join(seq) instead]
        # expect: TypeError Cannot specify a default for max() with multiple positional arguments
        # expect: TypeError 'int' object is not iterable
