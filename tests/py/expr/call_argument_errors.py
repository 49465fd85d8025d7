def f(a, b=1, *, c): pass
def attempt(g):
    try:
        g()
    except TypeError as e:
        print(e)  # expect: f() missing 1 required positional argument: 'a'
        # expect: f() missing 1 required keyword-only argument: 'c'
        # expect: f() takes from 1 to 2 positional arguments but 3 positional arguments (and 1 keyword-only argument) were given
        # expect: f() got an unexpected keyword argument 'd'
        # expect: f() got multiple values for argument 'a'
        # expect: __main__.f() got multiple values for keyword argument 'c'
        # expect: __main__.f() argument after * must be an iterable, not int
        # expect: __main__.f() argument after ** must be a mapping, not int
        # expect: keywords must be strings
        # expect: <lambda>.<locals>.<lambda>() missing 3 required positional arguments: 'a', 'b', and 'c'
        # expect: <lambda>.<locals>.<lambda>() missing 2 required positional arguments: 'a' and 'b'
        # expect: <lambda>.<locals>.<lambda>() takes 1 positional argument but 2 were given
        # expect: <lambda>.<locals>.<lambda>() takes 0 positional arguments but 1 was given
        # expect: <lambda>.<locals>.<lambda>() got some positional-only arguments passed as keyword arguments: 'a'
        # expect: <lambda>.<locals>.<lambda>() missing 2 required keyword-only arguments: 'a' and 'b'
        # expect: f() got an unexpected keyword argument 'cc'. Did you mean 'c'?
        # expect: 'int' object is not callable
        # expect: 'str' object is not callable
attempt(lambda: f())
attempt(lambda: f(1))
attempt(lambda: f(1, 2, 3, c=1))
attempt(lambda: f(1, c=1, d=2))
attempt(lambda: f(1, a=2, c=1))
attempt(lambda: f(*[1], **{"c": 1}, **{"c": 2}))
attempt(lambda: f(*1))
attempt(lambda: f(**1))
attempt(lambda: f(**{1: 2}))
attempt(lambda: (lambda a, b, c: 0)())
attempt(lambda: (lambda a, b: 0)())
attempt(lambda: (lambda a: 0)(1, 2))
attempt(lambda: (lambda: 0)(1))
attempt(lambda: (lambda a, /: 0)(a=1))
attempt(lambda: (lambda *, a, b: 0)())
attempt(lambda: f(1, cc=1))
one, text = 1, "a"
attempt(lambda: one())
attempt(lambda: text())
