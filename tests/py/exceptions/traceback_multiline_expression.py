# full-stderr
def f(*args):
    raise ValueError("multi")

f(
    1,
    2,
)
# expect-stderr: Traceback (most recent call last):
# expect-stderr:   File "exceptions/traceback_multiline_expression.py", line 5, in <module>
# expect-stderr:     f(
# expect-stderr:     ~^
# expect-stderr:         1,
# expect-stderr:         ^^
# expect-stderr:         2,
# expect-stderr:         ^^
# expect-stderr:     )
# expect-stderr:     ^
# expect-stderr:   File "exceptions/traceback_multiline_expression.py", line 3, in f
# expect-stderr:     raise ValueError("multi")
# expect-stderr: ValueError: multi
