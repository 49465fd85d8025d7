def outer():
    x = 1
    def inner(): return x
    x = 2
    return inner
f = outer()
print(f(), f.__closure__[0].cell_contents, f.__code__.co_freevars, outer.__code__.co_cellvars)  # expect: 2 2 ('x',) ('x',)
f.__closure__[0].cell_contents = 9
print(f())  # expect: 9
