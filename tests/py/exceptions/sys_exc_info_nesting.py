import sys
def cur(): return sys.exception()
print(cur())  # expect: None
try:
    raise ValueError("a")
except ValueError:
    print(repr(cur()))  # expect: ValueError('a')
    try:
        raise KeyError("b")
    except KeyError:
        print(repr(cur()), sys.exc_info()[0].__name__)  # expect: KeyError('b') KeyError
    print(repr(cur()))  # expect: ValueError('a')
print(cur())  # expect: None
