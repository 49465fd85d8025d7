def attempt(src):
    try:
        compile(src, "<s>", "exec")
    except SyntaxError as e:
        print(repr(src), e.msg)
attempt('match x:\n case a: pass\n case b: pass')  # expect: 'match x:\n case a: pass\n case b: pass' name capture 'a' makes remaining patterns unreachable
attempt('match x:\n case _: pass\n case 1: pass')  # expect: 'match x:\n case _: pass\n case 1: pass' wildcard makes remaining patterns unreachable
attempt('match x:\n case a | 1: pass')  # expect: 'match x:\n case a | 1: pass' name capture 'a' makes remaining patterns unreachable
attempt('match x:\n case 1 | a: pass')  # expect: 'match x:\n case 1 | a: pass' alternative patterns bind different names
attempt('match x:\n case a, a: pass')  # expect: 'match x:\n case a, a: pass' multiple assignments to name 'a' in pattern
attempt("match x:\n case {'k': 1, 'k': 2}: pass")  # expect: "match x:\n case {'k': 1, 'k': 2}: pass" mapping pattern checks duplicate key ('k')
attempt('match x:\n case {**_}: pass')  # expect: 'match x:\n case {**_}: pass' invalid syntax
attempt('match x:\n case C(a=1, a=2): pass')  # expect: 'match x:\n case C(a=1, a=2): pass' attribute name repeated in class pattern: a
attempt('match x:\n case *a: pass')  # expect: 'match x:\n case *a: pass' invalid syntax
attempt('match x:\n case [*a, *b]: pass')  # expect: 'match x:\n case [*a, *b]: pass' multiple starred names in sequence pattern
attempt('match x:\n case a as _: pass')  # expect: 'match x:\n case a as _: pass' cannot use '_' as a target
attempt('match x:\n case 1 + 1: pass')  # expect: 'match x:\n case 1 + 1: pass' imaginary number required in complex literal
attempt('match x:\n case -a: pass')  # expect: 'match x:\n case -a: pass' invalid syntax
attempt('match x:\ncase 1: pass')  # expect: 'match x:\ncase 1: pass' expected an indented block after 'match' statement on line 1
