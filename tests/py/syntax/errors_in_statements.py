def attempt(src):
    try:
        compile(src, "<s>", "exec")
    except SyntaxError as e:
        print(f"{src!r}: {type(e).__name__}: {e.msg} ({e.lineno}, {e.offset}, {e.end_lineno}, {e.end_offset})")
    else:
        print(f"{src!r} compiles")
attempt('if x = 1: pass')  # expect: 'if x = 1: pass': SyntaxError: invalid syntax. Maybe you meant '==' or ':=' instead of '='? (1, 4, 1, 9)
attempt('if x\n  pass')  # expect: 'if x\n  pass': SyntaxError: expected ':' (1, 5, 1, 6)
attempt('for x in y\n pass')  # expect: 'for x in y\n pass': SyntaxError: expected ':' (1, 11, 1, 12)
attempt('print 1')  # expect: 'print 1': SyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)? (1, 1, 1, 8)
attempt('else: pass')  # expect: 'else: pass': SyntaxError: invalid syntax (1, 1, 1, 5)
attempt('try: pass')  # expect: 'try: pass': SyntaxError: expected 'except' or 'finally' block (1, 10, 1, -1)
