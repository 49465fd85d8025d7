def attempt(src):
    try:
        compile(src, "<s>", "exec")
    except SyntaxError as e:
        print(repr(src), e.msg)
attempt('def f(x): global x')  # expect: 'def f(x): global x' name 'x' is parameter and global
attempt('def f(): nonlocal x')  # expect: 'def f(): nonlocal x' no binding for nonlocal 'x' found
attempt('x = 1\ndef f():\n print(x)\n global x')  # expect: 'x = 1\ndef f():\n print(x)\n global x' name 'x' is used prior to global declaration
attempt('def f(x): nonlocal x')  # expect: 'def f(x): nonlocal x' name 'x' is parameter and nonlocal
attempt('class C[T]: nonlocal T')  # expect: 'class C[T]: nonlocal T' nonlocal binding not allowed for type parameter 'T'
attempt('[x := 1 for x in y]')  # expect: '[x := 1 for x in y]' assignment expression cannot rebind comprehension iteration variable 'x'
attempt('[i for i in (j := x)]')  # expect: '[i for i in (j := x)]' assignment expression cannot be used in a comprehension iterable expression
attempt('class C: [y := 1 for x in z]')  # expect: 'class C: [y := 1 for x in z]' assignment expression within a comprehension cannot be used in a class body
attempt('def f[T, T](): pass')  # expect: 'def f[T, T](): pass' duplicate type parameter 'T'
attempt('type X[T: (yield)] = 1')  # expect: 'type X[T: (yield)] = 1' yield expression cannot be used within a TypeVar bound
attempt('def f(): from x import *')  # expect: 'def f(): from x import *' import * only allowed at module level
attempt('from __future__ import nope')  # expect: 'from __future__ import nope' future feature nope is not defined
attempt('x = 1\nfrom __future__ import annotations')  # expect: 'x = 1\nfrom __future__ import annotations' from __future__ imports must occur at the beginning of the file
attempt('from __future__ import braces')  # expect: 'from __future__ import braces' not a chance
attempt('def __debug__(): pass')  # expect: 'def __debug__(): pass' cannot assign to __debug__
attempt('__debug__ = 1')  # expect: '__debug__ = 1' cannot assign to __debug__
attempt('async def f(): yield 1; return 2')  # expect: 'async def f(): yield 1; return 2' 'return' with value in async generator
attempt('class C: return 1')  # expect: 'class C: return 1' 'return' outside function
attempt('class C: await x')  # expect: 'class C: await x' 'await' outside function
attempt('def f(): await x')  # expect: 'def f(): await x' 'await' outside async function
attempt('[(yield) for x in y]')  # expect: '[(yield) for x in y]' 'yield' inside list comprehension
attempt('def f(a, *): pass')  # expect: 'def f(a, *): pass' named arguments must follow bare *
attempt('def f(*, **k): pass')  # expect: 'def f(*, **k): pass' named arguments must follow bare *
attempt('def f(/, a): pass')  # expect: 'def f(/, a): pass' at least one argument must precede /
attempt('def f(a, /, b, /): pass')  # expect: 'def f(a, /, b, /): pass' / may appear only once
attempt('lambda a, a: 0')  # expect: 'lambda a, a: 0' duplicate argument 'a' in function definition
attempt('f(a=1, a=2)')  # expect: 'f(a=1, a=2)' keyword argument repeated: a
attempt('f(None=1)')  # expect: 'f(None=1)' cannot assign to None
attempt('f(a.b=1)')  # expect: 'f(a.b=1)' expression cannot contain assignment, perhaps you meant "=="?
attempt('try:\n pass\nexcept:\n pass\nexcept E: pass')  # expect: 'try:\n pass\nexcept:\n pass\nexcept E: pass' default 'except:' must be last
attempt('try: pass\nexcept* E: pass\nexcept F: pass')  # expect: 'try: pass\nexcept* E: pass\nexcept F: pass' cannot have both 'except' and 'except*' on the same 'try'
attempt('try: pass\nexcept*: pass')  # expect: 'try: pass\nexcept*: pass' expected one or more exception types
attempt('try: pass\nexcept* E: return')  # expect: 'try: pass\nexcept* E: return' 'return' outside function
attempt('for x in y:\n try: pass\n except* E: break')  # expect: 'for x in y:\n try: pass\n except* E: break' 'break', 'continue' and 'return' cannot appear in an except* block
attempt('with a as 1: pass')  # expect: 'with a as 1: pass' cannot assign to literal
attempt('import a.b as c.d')  # expect: 'import a.b as c.d' cannot use attribute as import target
attempt('from . import *, x')  # expect: 'from . import *, x' invalid syntax
attempt('x: int: str')  # expect: 'x: int: str' invalid syntax
attempt('(x, y): int')  # expect: '(x, y): int' only single target (not tuple) can be annotated
attempt('x.y(): int = 1')  # expect: 'x.y(): int = 1' illegal target for annotation
