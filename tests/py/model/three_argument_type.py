C = type("C", (list,), {"x": 1, "f": lambda self: len(self)})
print(C([1, 2]).f(), C.x, C.__module__, C.__bases__)  # expect: 2 1 __main__ (<class 'list'>,)
for args in (("C",), ("C", ()), (1, (), {}), ("C", [], {}), ("C", (), 1), ("C\0", (), {})):
    try:
        type(*args)
    except (TypeError, ValueError) as e:
        print(type(e).__name__, e)
        # expect: TypeError type() takes 1 or 3 arguments
        # expect: TypeError type.__new__() argument 1 must be str, not int
        # expect: TypeError type.__new__() argument 2 must be tuple, not list
        # expect: TypeError type.__new__() argument 3 must be dict, not int
        # expect: ValueError type name must not contain null characters
