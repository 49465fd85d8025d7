def attempt(src):
    try:
        compile(src, "<s>", "exec")
    except SyntaxError as e:
        print(repr(src), e.msg)
attempt("f'{'")  # expect: "f'{'" f-string: expecting '}'
attempt("f'}'")  # expect: "f'}'" f-string: single '}' is not allowed
attempt("f'{}'")  # expect: "f'{}'" f-string: valid expression required before '}'
attempt("f'{a b}'")  # expect: "f'{a b}'" invalid syntax. Perhaps you forgot a comma?
attempt("f'{a!x}'")  # expect: "f'{a!x}'" f-string: invalid conversion character 'x': expected 's', 'r', or 'a'
attempt("f'{a!}'")  # expect: "f'{a!}'" f-string: missing conversion character
attempt("f'{lambda x: 1}'")  # expect: "f'{lambda x: 1}'" f-string: lambda expressions are not allowed without parentheses
attempt("f'{a:{b'")  # expect: "f'{a:{b'" f-string: expecting '}'
attempt("f'{1 +}'")  # expect: "f'{1 +}'" f-string: expecting '=', or '!', or ':', or '}'
attempt("f'{*a}'")  # expect: "f'{*a}'" can't use starred expression here
attempt("f'{a = !r:'")  # expect: "f'{a = !r:'" f-string: expecting '}', or format specs
attempt("t'{}'")  # expect: "t'{}'" t-string: valid expression required before '}'
attempt("f'{a!r s}'")  # expect: "f'{a!r s}'" f-string: expecting ':' or '}'
attempt("f'")  # expect: "f'" unterminated f-string literal (detected at line 1)
attempt("f'{#}'")  # expect: "f'{#}'" '{' was never closed
attempt("f'{a[}'")  # expect: "f'{a[}'" closing parenthesis '}' does not match opening parenthesis '['
