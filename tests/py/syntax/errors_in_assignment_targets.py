def attempt(src):
    try:
        compile(src, "<s>", "exec")
    except SyntaxError as e:
        print(f"{src!r}: {type(e).__name__}: {e.msg} ({e.lineno}, {e.offset}, {e.end_lineno}, {e.end_offset})")
    else:
        print(f"{src!r} compiles")
attempt('x = ')  # expect: 'x = ': SyntaxError: invalid syntax (1, 5, 1, 6)
attempt('1 = x')  # expect: '1 = x': SyntaxError: cannot assign to literal here. Maybe you meant '==' instead of '='? (1, 1, 1, 2)
attempt('a + 1 = 2')  # expect: 'a + 1 = 2': SyntaxError: cannot assign to expression here. Maybe you meant '==' instead of '='? (1, 1, 1, 6)
attempt('None = 1')  # expect: 'None = 1': SyntaxError: cannot assign to None (1, 1, 1, 5)
attempt('x ==')  # expect: 'x ==': SyntaxError: invalid syntax (1, 5, 1, 6)
attempt('*a = 1')  # expect: '*a = 1': SyntaxError: starred assignment target must be in a list or tuple (1, 1, 1, 3)
attempt('a, *b, *c = d')  # expect: 'a, *b, *c = d': SyntaxError: multiple starred expressions in assignment (1, 1, 1, 10)
