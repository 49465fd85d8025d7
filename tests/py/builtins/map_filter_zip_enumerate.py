print(list(map(lambda a, b: a + b, [1, 2], [10, 20, 30])), list(filter(None, [0, 1, "", "a"])), list(zip("ab", [1, 2], strict=True)), list(enumerate("ab", 5)), list(zip()), list(map(str, [], [])))  # expect: [11, 22] [1, 'a'] [('a', 1), ('b', 2)] [(5, 'a'), (6, 'b')] [] []
for f in (lambda: list(zip([1], [1, 2], strict=True)), lambda: list(zip([1, 2], [1], strict=True)), lambda: list(map(str, [1], [1, 2], strict=True)), lambda: map(), lambda: zip(1), lambda: enumerate(1), lambda: enumerate([], "a"), lambda: list(map(1, [1]))):
    try:
        f()
    except (ValueError, TypeError) as e:
        print(type(e).__name__, e)
        # expect: ValueError zip() argument 2 is longer than argument 1
        # expect: ValueError zip() argument 2 is shorter than argument 1
        # expect: TypeError str() argument 'encoding' must be str, not int
        # expect: TypeError map() must have at least two arguments.
        # expect: TypeError 'int' object is not iterable
        # expect: TypeError 'int' object is not iterable
        # expect: TypeError 'str' object cannot be interpreted as an integer
        # expect: TypeError 'int' object is not callable
