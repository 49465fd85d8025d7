# full-stderr
def make(n):
    try:
        raise ValueError(n)
    except ValueError as e:
        return e
raise ExceptionGroup("group", [make(1), ExceptionGroup("inner", [TypeError("t")])])
# expect-stderr:   + Exception Group Traceback (most recent call last):
# expect-stderr:   |   File "exceptions/traceback_exception_group.py", line 7, in <module>
# expect-stderr:   |     raise ExceptionGroup("group", [make(1), ExceptionGroup("inner", [TypeError("t")])])
# expect-stderr:   | ExceptionGroup: group (2 sub-exceptions)
# expect-stderr:   +-+---------------- 1 ----------------
# expect-stderr:     | Traceback (most recent call last):
# expect-stderr:     |   File "exceptions/traceback_exception_group.py", line 4, in make
# expect-stderr:     |     raise ValueError(n)
# expect-stderr:     | ValueError: 1
# expect-stderr:     +---------------- 2 ----------------
# expect-stderr:     | ExceptionGroup: inner (1 sub-exception)
# expect-stderr:     +-+---------------- 1 ----------------
# expect-stderr:       | TypeError: t
# expect-stderr:       +------------------------------------
