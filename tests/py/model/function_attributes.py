def f(a, b=1, *c, d, e=2, **g) -> int:
    "doc"
    x = 1
    return x
f.attr = 5
print(f.__name__, f.__doc__, f.__defaults__, f.__kwdefaults__, f.__dict__)  # expect: f doc (1,) {'e': 2} {'attr': 5}
co = f.__code__
print(co.co_argcount, co.co_kwonlyargcount, co.co_posonlyargcount, co.co_varnames, co.co_name, co.co_flags & 0xf)  # expect: 2 2 0 ('a', 'b', 'd', 'e', 'c', 'g', 'x') f 15
f.__defaults__ = (9,)
f.__name__ = "renamed"
print(f.__name__, f.__defaults__, f.__closure__, f.__globals__ is globals())  # expect: renamed (9,) None True
try:
    f.__name__ = 1
except TypeError as e:
    print(e)  # expect: __name__ must be set to a string object
