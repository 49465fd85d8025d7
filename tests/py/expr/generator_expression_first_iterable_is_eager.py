try:
    g = (x for x in 1)
except TypeError as e:
    print(e)  # expect: 'int' object is not iterable
g = (y for x in [1] for y in 2)
try:
    next(g)
except TypeError as e:
    print(e)  # expect: 'int' object is not iterable
