def g():
    yield 1
    raise StopIteration("x")
i = g()
next(i)
try:
    next(i)
except RuntimeError as e:
    print(e, repr(e.__cause__))  # expect: generator raised StopIteration StopIteration('x')
print(list(x for x in [1, 2]))  # expect: [1, 2]
