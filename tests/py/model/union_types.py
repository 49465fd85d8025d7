print(int | str, int | None, (int | str) == (str | int), isinstance(1, int | str))  # expect: int | str int | None True True
print((int | str).__args__, type(int | str))  # expect: (<class 'int'>, <class 'str'>) <class 'typing.Union'>
try:
    isinstance(1, list[int])
except TypeError as e:
    print(e)  # expect: isinstance() argument 2 cannot be a parameterized generic
try:
    isinstance(1, 1)
except TypeError as e:
    print(e)  # expect: isinstance() arg 2 must be a type, a tuple of types, or a union
