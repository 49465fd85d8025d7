# full-stderr
class Outer:
    class Inner(Exception): pass
raise Outer.Inner("q")
# expect-stderr: Traceback (most recent call last):
# expect-stderr:   File "exceptions/traceback_qualified_exception_name.py", line 4, in <module>
# expect-stderr:     raise Outer.Inner("q")
# expect-stderr: Outer.Inner: q
