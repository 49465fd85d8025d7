for v in (1, None, 1.5, len, object):
    try:
        for x in v: pass
    except TypeError as e:
        print(e)
        # expect: 'int' object is not iterable
        # expect: 'NoneType' object is not iterable
        # expect: 'float' object is not iterable
        # expect: 'builtin_function_or_method' object is not iterable
        # expect: 'type' object is not iterable
try:
    1 in 2
except TypeError as e:
    print(e)  # expect: argument of type 'int' is not a container or iterable
