def attempt(f):
    try:
        f()
    except TypeError as e:
        print(e)
attempt(lambda: 1 + "a")  # expect: unsupported operand type(s) for +: 'int' and 'str'
attempt(lambda: "a" + 1)  # expect: can only concatenate str (not "int") to str
attempt(lambda: [] + ())  # expect: can only concatenate list (not "tuple") to list
attempt(lambda: {} | [])  # expect: unsupported operand type(s) for |: 'dict' and 'list'
attempt(lambda: 1 @ 2)  # expect: unsupported operand type(s) for @: 'int' and 'int'
attempt(lambda: "a" * "b")  # expect: can't multiply sequence by non-int of type 'str'
attempt(lambda: -"a")  # expect: bad operand type for unary -: 'str'
attempt(lambda: ~1.5)  # expect: bad operand type for unary ~: 'float'
attempt(lambda: 1 << 2.0)  # expect: unsupported operand type(s) for <<: 'int' and 'float'
attempt(lambda: 1 < "a")  # expect: '<' not supported between instances of 'int' and 'str'
attempt(lambda: None ** 2)  # expect: unsupported operand type(s) for ** or pow(): 'NoneType' and 'int'
attempt(lambda: pow("a", 2))  # expect: unsupported operand type(s) for ** or pow(): 'str' and 'int'
attempt(lambda: divmod("a", 2))  # expect: unsupported operand type(s) for divmod(): 'str' and 'int'
attempt(lambda: print >> 1)  # expect: unsupported operand type(s) for >>: 'builtin_function_or_method' and 'int'
