print(None is None, True is True, ... is Ellipsis, NotImplemented is NotImplemented)  # expect: True True True True
print(type(None)() is None, type(...)() is ..., bool(1) is True)  # expect: True True True
