f = lambda a, b=2, *c, d, e=5, **g: (a, b, c, d, e, g)
print(f(1, d=4))  # expect: (1, 2, (), 4, 5, {})
print(f(1, 20, 3, 3, d=4, z=26))  # expect: (1, 20, (3, 3), 4, 5, {'z': 26})
print((lambda: (yield))().__class__.__name__)  # expect: generator
