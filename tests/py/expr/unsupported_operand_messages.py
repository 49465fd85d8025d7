def attempt(f):
    try:
        f()
    except TypeError as e:
        print(e)  # expect: unsupported operand type(s) for +: 'int' and 'str'
        # expect: can only concatenate str (not "int") to str
        # expect: can only concatenate list (not "tuple") to list
        # expect: unsupported operand type(s) for |: 'dict' and 'list'
        # expect: unsupported operand type(s) for @: 'int' and 'int'
        # expect: can't multiply sequence by non-int of type 'str'
        # expect: bad operand type for unary -: 'str'
        # expect: bad operand type for unary ~: 'float'
        # expect: unsupported operand type(s) for <<: 'int' and 'float'
        # expect: '<' not supported between instances of 'int' and 'str'
        # expect: unsupported operand type(s) for ** or pow(): 'NoneType' and 'int'
        # expect: unsupported operand type(s) for ** or pow(): 'str' and 'int'
        # expect: unsupported operand type(s) for divmod(): 'str' and 'int'
        # expect: unsupported operand type(s) for >>: 'builtin_function_or_method' and 'int'
attempt(lambda: 1 + "a")
attempt(lambda: "a" + 1)
attempt(lambda: [] + ())
attempt(lambda: {} | [])
attempt(lambda: 1 @ 2)
attempt(lambda: "a" * "b")
attempt(lambda: -"a")
attempt(lambda: ~1.5)
attempt(lambda: 1 << 2.0)
attempt(lambda: 1 < "a")
attempt(lambda: None ** 2)
attempt(lambda: pow("a", 2))
attempt(lambda: divmod("a", 2))
attempt(lambda: print >> 1)
