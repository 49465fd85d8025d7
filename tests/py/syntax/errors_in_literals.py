def attempt(src):
    try:
        compile(src, "<s>", "exec")
    except SyntaxError as e:
        print(f"{src!r}: {type(e).__name__}: {e.msg} ({e.lineno}, {e.offset}, {e.end_lineno}, {e.end_offset})")
    else:
        print(f"{src!r} compiles")
attempt('0777')  # expect: '0777': SyntaxError: leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers (1, 1, 1, 2)
attempt('1__0')  # expect: '1__0': SyntaxError: invalid decimal literal (1, 2, 1, 2)
attempt('0xg')  # expect: '0xg': SyntaxError: invalid hexadecimal literal (1, 2, 1, 2)
attempt('1.e')  # expect: '1.e': SyntaxError: invalid decimal literal (1, 2, 1, 2)
attempt('5a')  # expect: '5a': SyntaxError: invalid decimal literal (1, 1, 1, 1)
attempt('$')  # expect: '$': SyntaxError: invalid syntax (1, 1, 1, 2)
attempt('?')  # expect: '?': SyntaxError: invalid syntax (1, 1, 1, 2)
attempt('\\ x')  # expect: '\\ x': SyntaxError: unexpected character after line continuation character (1, 2, 1, 0)
attempt('é = €')  # expect: 'é = €': SyntaxError: invalid character '€' (U+20AC) (1, 5, 1, 5)
