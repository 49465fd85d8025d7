d = {}
for f in (lambda: d["k"], lambda: d.pop("k"), lambda: d.popitem(), lambda: d[[]], lambda: dict([1]), lambda: dict([(1, 2, 3)]), lambda: dict(1), lambda: d.update([[1]]), lambda: d | 1, lambda: {}[{}], lambda: dict(**{1: 2}), lambda: d.get(), lambda: d < d, lambda: {(1, []): 1}):
    try:
        f()
    except (KeyError, TypeError, ValueError) as e:
        print(type(e).__name__, e)
        # expect: KeyError 'k'
        # expect: KeyError 'k'
        # expect: KeyError 'popitem(): dictionary is empty'
        # expect: TypeError cannot use 'list' as a dict key (unhashable type: 'list')
        # expect: TypeError object is not iterable
        # expect: ValueError dictionary update sequence element #0 has length 3; 2 is required
        # expect: TypeError 'int' object is not iterable
        # expect: ValueError dictionary update sequence element #0 has length 1; 2 is required
        # expect: TypeError unsupported operand type(s) for |: 'dict' and 'int'
        # expect: TypeError cannot use 'dict' as a dict key (unhashable type: 'dict')
        # expect: TypeError keywords must be strings
        # expect: TypeError get expected at least 1 argument, got 0
        # expect: TypeError '<' not supported between instances of 'dict' and 'dict'
        # expect: TypeError cannot use 'tuple' as a dict key (unhashable type: 'list')
