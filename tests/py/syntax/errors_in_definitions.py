def attempt(src):
    try:
        compile(src, "<s>", "exec")
    except SyntaxError as e:
        print(f"{src!r}: {type(e).__name__}: {e.msg} ({e.lineno}, {e.offset}, {e.end_lineno}, {e.end_offset})")
    else:
        print(f"{src!r} compiles")
attempt('def f(a, a): pass')  # expect: 'def f(a, a): pass': SyntaxError: duplicate argument 'a' in function definition (1, 10, 1, 11)
attempt('def f(a=1, b): pass')  # expect: 'def f(a=1, b): pass': SyntaxError: parameter without a default follows parameter with a default (1, 12, 1, 13)
attempt('import')  # expect: 'import': SyntaxError: Expected one or more names after 'import' (1, 7, 1, 7)
attempt('from x import')  # expect: 'from x import': SyntaxError: Expected one or more names after 'import' (1, 14, 1, 14)
attempt('class')  # expect: 'class': SyntaxError: invalid syntax (1, 6, 1, 7)
attempt('def f(')  # expect: 'def f(': SyntaxError: '(' was never closed (1, 6, 1, 0)
attempt('@')  # expect: '@': SyntaxError: invalid syntax (1, 2, 1, 3)
