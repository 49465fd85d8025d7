for bases in ((bool,), (type(None),), (1,), (int, str), (type(lambda: 0),)):
    try:
        type("X", bases, {})
    except TypeError as e:
        print(e)
        # expect: type 'bool' is not an acceptable base type
        # expect: type 'NoneType' is not an acceptable base type
        # expect: metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the metaclasses of all its bases
        # expect: multiple bases have instance lay-out conflict
        # expect: type 'function' is not an acceptable base type
