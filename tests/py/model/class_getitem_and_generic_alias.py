class C:
    def __class_getitem__(cls, k): return f"{cls.__name__}[{k}]"
print(C[int])  # expect: C[<class 'int'>]
print(list[int], dict[str, list[int]], tuple[int, ...], type[int])  # expect: list[int] dict[str, list[int]] tuple[int, ...] type[int]
a = list[int]
print(a.__origin__, a.__args__, a([1]), a == list[int])  # expect: <class 'list'> (<class 'int'>,) [1] True
try:
    int[str]
except TypeError as e:
    print(e)  # expect: type 'int' is not subscriptable
