import sys
def g():
    try:
        raise KeyError("in")
    except KeyError:
        yield repr(sys.exception())
    yield repr(sys.exception())
try:
    raise ValueError("out")
except ValueError:
    i = g()
    print(next(i), repr(sys.exception()), next(i))  # expect: KeyError('in') ValueError('out') ValueError('out')
