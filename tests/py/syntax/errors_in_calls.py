def attempt(src):
    try:
        compile(src, "<s>", "exec")
    except SyntaxError as e:
        print(f"{src!r}: {type(e).__name__}: {e.msg} ({e.lineno}, {e.offset}, {e.end_lineno}, {e.end_offset})")
    else:
        print(f"{src!r} compiles")
attempt('f() = 1')  # expect: 'f() = 1': SyntaxError: cannot assign to function call here. Maybe you meant '==' instead of '='? (1, 1, 1, 4)
attempt('lambda: = 1')  # expect: 'lambda: = 1': SyntaxError: invalid syntax (1, 9, 1, 10)
attempt('{1: 2, 3}')  # expect: '{1: 2, 3}': SyntaxError: ':' expected after dictionary key (1, 8, 1, 0)
attempt('f(a=1, 2)')  # expect: 'f(a=1, 2)': SyntaxError: positional argument follows keyword argument (1, 9, 1, 10)
attempt('f(**k, *a)')  # expect: 'f(**k, *a)': SyntaxError: iterable argument unpacking follows keyword argument unpacking (1, 6, 1, 10)
attempt('f(a for a in b, c)')  # expect: 'f(a for a in b, c)': SyntaxError: Generator expression must be parenthesized (1, 3, 1, 15)
attempt('del f()')  # expect: 'del f()': SyntaxError: cannot delete function call (1, 5, 1, 8)
attempt('del 1')  # expect: 'del 1': SyntaxError: cannot delete literal (1, 5, 1, 6)
attempt('x++')  # expect: 'x++': SyntaxError: invalid syntax (1, 4, 1, 5)
attempt('*a')  # expect: '*a': SyntaxError: can't use starred expression here (1, 1, 1, 3)
