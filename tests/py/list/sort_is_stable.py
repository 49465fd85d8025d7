l = [(1, "b"), (0, "z"), (1, "a"), (0, "y")]
print(sorted(l, key=lambda t: t[0]), sorted(l, key=lambda t: t[0], reverse=True))  # expect: [(0, 'z'), (0, 'y'), (1, 'b'), (1, 'a')] [(1, 'b'), (1, 'a'), (0, 'z'), (0, 'y')]
print(sorted("bca"), sorted([3, 1.5, True]), sorted([[2], [1, 5], [1]]), sorted({"b": 1, "a": 2}))  # expect: ['a', 'b', 'c'] [True, 1.5, 3] [[1], [1, 5], [2]] ['a', 'b']
