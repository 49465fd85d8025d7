# full-stderr
def inner(x):
    return x / 0

def outer():
    return [inner(i) for i in range(1)]

outer()
# expect-stderr: Traceback (most recent call last):
# expect-stderr:   File "exceptions/traceback_text.py", line 8, in <module>
# expect-stderr:     outer()
# expect-stderr:     ~~~~~^^
# expect-stderr:   File "exceptions/traceback_text.py", line 6, in outer
# expect-stderr:     return [inner(i) for i in range(1)]
# expect-stderr:             ~~~~~^^^
# expect-stderr:   File "exceptions/traceback_text.py", line 3, in inner
# expect-stderr:     return x / 0
# expect-stderr:            ~~^~~
# expect-stderr: ZeroDivisionError: division by zero
