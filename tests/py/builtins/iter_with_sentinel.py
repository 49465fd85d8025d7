values = iter([1, 2, 0, 3])
print(list(iter(lambda: next(values), 0)))  # expect: [1, 2]
print(next(iter([]), "default"))  # expect: default
try:
    next(iter([]))
except StopIteration as e:
    print(repr(e), e.value)  # expect: StopIteration() None
