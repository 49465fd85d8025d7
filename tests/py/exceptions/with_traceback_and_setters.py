e = ValueError()
for name, v in (("__traceback__", 1), ("__cause__", 1), ("__context__", 1)):
    try:
        setattr(e, name, v)
    except TypeError as t:
        print(t)
        # expect: __traceback__ must be a traceback or None
        # expect: exception cause must be None or derive from BaseException
        # expect: exception context must be None or derive from BaseException
print(e.with_traceback(None) is e)  # expect: True
e.__cause__ = KeyError()
print(e.__suppress_context__)  # expect: True
