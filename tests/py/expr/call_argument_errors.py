def f(a, b=1, *, c): pass
def attempt(g):
    try:
        g()
    except TypeError as e:
        print(e)
attempt(lambda: f())  # expect: f() missing 1 required positional argument: 'a'
attempt(lambda: f(1))  # expect: f() missing 1 required keyword-only argument: 'c'
attempt(lambda: f(1, 2, 3, c=1))  # expect: f() takes from 1 to 2 positional arguments but 3 positional arguments (and 1 keyword-only argument) were given
attempt(lambda: f(1, c=1, d=2))  # expect: f() got an unexpected keyword argument 'd'
attempt(lambda: f(1, a=2, c=1))  # expect: f() got multiple values for argument 'a'
attempt(lambda: f(*[1], **{"c": 1}, **{"c": 2}))  # expect: __main__.f() got multiple values for keyword argument 'c'
attempt(lambda: f(*1))  # expect: __main__.f() argument after * must be an iterable, not int
attempt(lambda: f(**1))  # expect: __main__.f() argument after ** must be a mapping, not int
attempt(lambda: f(**{1: 2}))  # expect: keywords must be strings
attempt(lambda: (lambda a, b, c: 0)())  # expect: <lambda>.<locals>.<lambda>() missing 3 required positional arguments: 'a', 'b', and 'c'
attempt(lambda: (lambda a, b: 0)())  # expect: <lambda>.<locals>.<lambda>() missing 2 required positional arguments: 'a' and 'b'
attempt(lambda: (lambda a: 0)(1, 2))  # expect: <lambda>.<locals>.<lambda>() takes 1 positional argument but 2 were given
attempt(lambda: (lambda: 0)(1))  # expect: <lambda>.<locals>.<lambda>() takes 0 positional arguments but 1 was given
attempt(lambda: (lambda a, /: 0)(a=1))  # expect: <lambda>.<locals>.<lambda>() got some positional-only arguments passed as keyword arguments: 'a'
attempt(lambda: (lambda *, a, b: 0)())  # expect: <lambda>.<locals>.<lambda>() missing 2 required keyword-only arguments: 'a' and 'b'
attempt(lambda: f(1, cc=1))  # expect: f() got an unexpected keyword argument 'cc'. Did you mean 'c'?
one, text = 1, "a"
attempt(lambda: one())  # expect: 'int' object is not callable
attempt(lambda: text())  # expect: 'str' object is not callable
