print(isinstance(1, (str, (int, float))), issubclass(bool, int), isinstance(True, int), issubclass(int, object), isinstance([], list | None))  # expect: True True True True True
for f in (lambda: isinstance(1, "int"), lambda: issubclass(1, int), lambda: issubclass(int, "x"), lambda: isinstance(1, (1,))):
    try:
        f()
    except TypeError as e:
        print(e)
        # expect: isinstance() arg 2 must be a type, a tuple of types, or a union
        # expect: issubclass() arg 1 must be a class
        # expect: issubclass() arg 2 must be a class, a tuple of classes, or a union
        # expect: isinstance() arg 2 must be a type, a tuple of types, or a union
