# full-stderr
d = {"k": {"l": None}}
def get(): return d["k"]["l"]["m"]
get()
# expect-stderr: Traceback (most recent call last):
# expect-stderr:   File "exceptions/traceback_carets_calls_and_subscripts.py", line 4, in <module>
# expect-stderr:     get()
# expect-stderr:     ~~~^^
# expect-stderr:   File "exceptions/traceback_carets_calls_and_subscripts.py", line 3, in get
# expect-stderr:     def get(): return d["k"]["l"]["m"]
# expect-stderr:                       ~~~~~~~~~~~^^^^^
# expect-stderr: TypeError: 'NoneType' object is not subscriptable
