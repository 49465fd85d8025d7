def attempt(src):
    try:
        compile(src, "<s>", "exec")
    except SyntaxError as e:
        print(f"{src!r}: {type(e).__name__}: {e.msg} ({e.lineno}, {e.offset}, {e.end_lineno}, {e.end_offset})")
    else:
        print(f"{src!r} compiles")
attempt('return 1')  # expect: 'return 1': SyntaxError: 'return' outside function (1, 1, 1, 9)
attempt('yield 1')  # expect: 'yield 1': SyntaxError: 'yield' outside function (1, 1, 1, 8)
attempt('break')  # expect: 'break': SyntaxError: 'break' outside loop (1, 1, 1, 6)
attempt('continue')  # expect: 'continue': SyntaxError: 'continue' not properly in loop (1, 1, 1, 9)
attempt('x := 1')  # expect: 'x := 1': SyntaxError: invalid syntax (1, 3, 1, 5)
attempt('nonlocal x')  # expect: 'nonlocal x': SyntaxError: nonlocal declaration not allowed at module level (1, 1, 1, 11)
attempt('def f():\n global x\n x = 1\n nonlocal x')  # expect: 'def f():\n global x\n x = 1\n nonlocal x': SyntaxError: name 'x' is assigned to before nonlocal declaration (4, 2, 4, 12)
attempt('async def f(): [await x for x in y]; yield from z')  # expect: 'async def f(): [await x for x in y]; yield from z': SyntaxError: 'yield from' inside async function (1, 38, 1, 50)
attempt('await x')  # expect: 'await x': SyntaxError: 'await' outside function (1, 1, 1, 8)
attempt('def f(): x = 1; global x')  # expect: 'def f(): x = 1; global x': SyntaxError: name 'x' is assigned to before global declaration (1, 17, 1, 25)
