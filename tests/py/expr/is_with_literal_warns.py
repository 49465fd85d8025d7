import warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    compile("x is 1", "<s>", "eval")
    compile("x is not 'a'", "<s>", "eval")
    compile("1()", "<s>", "eval")
    compile("(1, 2)[1, 2]", "<s>", "eval")
    compile("assert (1, 'm')", "<s>", "exec")
    compile("'\\d'", "<s>", "eval")
    compile("'\\é'", "<s>", "eval")  # nothing is said of this one
for w in caught:
    print(w.category.__name__, w.message)
    # expect: SyntaxWarning "is" with 'int' literal. Did you mean "=="?
    # expect: SyntaxWarning "is not" with 'str' literal. Did you mean "!="?
    # expect: SyntaxWarning 'int' object is not callable; perhaps you missed a comma?
    # expect: SyntaxWarning tuple indices must be integers or slices, not tuple; perhaps you missed a comma?
    # expect: SyntaxWarning assertion is always true, perhaps remove parentheses?
    # expect: SyntaxWarning "\d" is an invalid escape sequence. Such sequences will not work in the future. Did you mean "\\d"? A raw string is also an option.
