x: int = 5
y: str
(z): float = 1.0
print(x, __annotate__(1))  # expect: 5 {'x': <class 'int'>, 'y': <class 'str'>}
class C:
    a: int = 1
    b: "str"
    self_ref: C
print(C.__annotations__)  # expect: {'a': <class 'int'>, 'b': 'str', 'self_ref': <class '__main__.C'>}
try:
    y
except NameError as e:
    print(e)  # expect: name 'y' is not defined
