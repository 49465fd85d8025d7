# full-stderr
a, b, c = 1, "x", [1]

def f():
    return a * 2 + (b + c) * 3

f()
# expect-stderr: Traceback (most recent call last):
# expect-stderr:   File "exceptions/traceback_carets_binary_operators.py", line 7, in <module>
# expect-stderr:     f()
# expect-stderr:     ~^^
# expect-stderr:   File "exceptions/traceback_carets_binary_operators.py", line 5, in f
# expect-stderr:     return a * 2 + (b + c) * 3
# expect-stderr:                     ~~^~~
# expect-stderr: TypeError: can only concatenate str (not "list") to str
