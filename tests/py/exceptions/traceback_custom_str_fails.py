# full-stderr
class E(Exception):
    def __str__(self): raise TypeError
raise E
# expect-stderr: Traceback (most recent call last):
# expect-stderr:   File "exceptions/traceback_custom_str_fails.py", line 4, in <module>
# expect-stderr:     raise E
# expect-stderr: E: <exception str() failed>
