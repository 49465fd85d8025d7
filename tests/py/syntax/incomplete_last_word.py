# The last word of input that lacks its newline may be completed by more input, where the caller says so.
for source in ["if 1:\n  2\nx", "x y", "if 1: 2\n3", "x y\n", "x y z", "x )"]:
    for flags in (0x4200, 0x200):
        try:
            compile(source, "a", "single", flags)
        except SyntaxError as e:
            print(type(e).__name__, e.msg, e.lineno, e.offset, e.end_lineno, e.end_offset)
# expect: _IncompleteInputError incomplete input 3 1 3 2
# expect: SyntaxError invalid syntax 3 1 3 2
# expect: _IncompleteInputError incomplete input 1 3 1 4
# expect: SyntaxError invalid syntax 1 3 1 4
# expect: _IncompleteInputError incomplete input 2 1 2 2
# expect: SyntaxError invalid syntax 2 1 2 2
# expect: SyntaxError invalid syntax 1 3 1 4
# expect: SyntaxError invalid syntax 1 3 1 4
# expect: SyntaxError invalid syntax 1 3 1 4
# expect: SyntaxError invalid syntax 1 3 1 4
# expect: SyntaxError unmatched ')' 1 3 1 3
# expect: SyntaxError unmatched ')' 1 3 1 3
