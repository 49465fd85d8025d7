# full-stderr
exec("x = (1,\ny = 2")
# expect-stderr: Traceback (most recent call last):
# expect-stderr:   File "exceptions/traceback_syntax_error.py", line 2, in <module>
# expect-stderr:     exec("x = (1,\ny = 2")
# expect-stderr:     ~~~~^^^^^^^^^^^^^^^^^^
# expect-stderr:   File "<string>", line 1
# expect-stderr:     x = (1,
# expect-stderr:         ^
# expect-stderr: SyntaxError: '(' was never closed
