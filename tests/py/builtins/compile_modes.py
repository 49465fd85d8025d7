print(eval(compile("1 + 2", "<s>", "eval")))
exec(compile("x = 5\nprint(x)", "<s>", "exec"))
exec(compile("x + 1", "<s>", "single"))
for a in (("1", "<s>", "bad"), ("x = 1", "<s>", "eval"), (1, "<s>", "exec"), ("a\0b", "<s>", "exec")):
    try:
        compile(*a)
    except (ValueError, SyntaxError, TypeError) as e:
        print(type(e).__name__, e)
# expect: 3
# expect: 5
# expect: 6
# expect: ValueError compile() mode must be 'exec', 'eval' or 'single'
# expect: SyntaxError invalid syntax (<s>, line 1)
# expect: TypeError compile() arg 1 must be a string, bytes or AST object
# expect: SyntaxError source code string cannot contain null bytes
