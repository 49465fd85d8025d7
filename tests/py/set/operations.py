a, b = {1, 2, 3}, {2, 3, 4}
print(a | b, a & b, a - b, a ^ b, a < b, {2} < a, a >= {1, 2}, a.isdisjoint({9}), a.union([5], [6]), a.intersection([1, 2], [1]))  # expect: {1, 2, 3, 4} {2, 3} {1} {1, 4} False True True True {1, 2, 3, 5, 6} {1}
a.add(5); a.discard(99); a.remove(1); a.update("x"); a -= {5}; a &= {2, 3, "x"}; a ^= {2, 7}
print(sorted(map(str, a)), len(a), frozenset([1]) == {1}, hash(frozenset([1, 2])) == hash(frozenset([2, 1])), set(), frozenset(), frozenset({3}))  # expect: ['3', '7', 'x'] 3 True True set() frozenset() frozenset({3})
for f in (lambda: a.remove(99), lambda: set().pop(), lambda: a | [1], lambda: {[]}, lambda: hash(set()), lambda: set(1), lambda: frozenset().add, lambda: a < [1], lambda: a.union(1)):
    try:
        f()
    except (KeyError, TypeError, AttributeError) as e:
        print(type(e).__name__, e)
        # expect: KeyError 99
        # expect: KeyError 'pop from an empty set'
        # expect: TypeError unsupported operand type(s) for |: 'set' and 'list'
        # expect: TypeError cannot use 'list' as a set element (unhashable type: 'list')
        # expect: TypeError unhashable type: 'set'
        # expect: TypeError 'int' object is not iterable
        # expect: AttributeError 'frozenset' object has no attribute 'add'
        # expect: TypeError '<' not supported between instances of 'set' and 'list'
        # expect: TypeError 'int' object is not iterable
