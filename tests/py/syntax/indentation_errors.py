def attempt(src):
    try:
        compile(src, "<s>", "exec")
    except SyntaxError as e:
        print(f"{src!r}: {type(e).__name__}: {e.msg} ({e.lineno}, {e.offset})")
attempt('if 1:\npass')  # expect: 'if 1:\npass': IndentationError: expected an indented block after 'if' statement on line 1 (2, 1)
attempt(' x = 1')  # expect: ' x = 1': IndentationError: unexpected indent (1, 1)
attempt('if 1:\n  a\n b')  # expect: 'if 1:\n  a\n b': IndentationError: unindent does not match any outer indentation level (3, 3)
attempt('if 1:\n\ta\n        b')  # expect: 'if 1:\n\ta\n        b': TabError: inconsistent use of tabs and spaces in indentation (3, 1)
attempt('def f():\n')  # expect: 'def f():\n': IndentationError: expected an indented block after function definition on line 1 (1, 9)
attempt('class C:\nx = 1')  # expect: 'class C:\nx = 1': IndentationError: expected an indented block after class definition on line 1 (2, 1)
attempt('x = 1\n  y = 2')  # expect: 'x = 1\n  y = 2': IndentationError: unexpected indent (2, 2)
attempt('try:\n  pass\nx')  # expect: 'try:\n  pass\nx': SyntaxError: expected 'except' or 'finally' block (3, 1)
attempt('for i in x:\n# c\ny')  # expect: 'for i in x:\n# c\ny': IndentationError: expected an indented block after 'for' statement on line 1 (3, 1)
attempt('while 1:\nelse: pass')  # expect: 'while 1:\nelse: pass': IndentationError: expected an indented block after 'while' statement on line 1 (2, 1)
