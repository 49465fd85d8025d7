def attempt(src):
    try:
        compile(src, "<s>", "exec")
    except SyntaxError as e:
        print(f"{src!r}: {type(e).__name__}: {e.msg} ({e.lineno}, {e.offset}, {e.end_lineno}, {e.end_offset})")
    else:
        print(f"{src!r} compiles")
attempt('(a, 1) = 2')  # expect: '(a, 1) = 2': SyntaxError: cannot assign to literal (1, 5, 1, 6)
attempt('(1')  # expect: '(1': SyntaxError: '(' was never closed (1, 1, 1, 0)
attempt('1)')  # expect: '1)': SyntaxError: unmatched ')' (1, 2, 1, 2)
attempt('[1, 2')  # expect: '[1, 2': SyntaxError: '[' was never closed (1, 1, 1, 0)
attempt("'abc")  # expect: "'abc": SyntaxError: unterminated string literal (detected at line 1) (1, 1, 1, 1)
attempt("'''abc")  # expect: "'''abc": SyntaxError: unterminated triple-quoted string literal (detected at line 1) (1, 1, 1, 1)
attempt("x = 'a' b")  # expect: "x = 'a' b": SyntaxError: invalid syntax (1, 9, 1, 10)
attempt('a b')  # expect: 'a b': SyntaxError: invalid syntax (1, 3, 1, 4)
