try:
    try:
        1 / 0
    except ZeroDivisionError as e:
        raise KeyError("k") from e
except KeyError as e:
    print(repr(e.__cause__), e.__suppress_context__, e.__context__ is e.__cause__)  # expect: ZeroDivisionError('division by zero') True True
try:
    raise KeyError from None
except KeyError as e:
    print(e.__cause__, e.__suppress_context__)  # expect: None True
try:
    raise KeyError from 1
except TypeError as e:
    print(e)  # expect: exception causes must derive from BaseException
