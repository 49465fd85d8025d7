def first[T](xs: list[T]) -> T: return xs[0]
class Box[T: int, U = str, **P = [int]]:
    def get(self) -> T: ...
print(first([3]), first.__type_params__, Box.__type_params__)  # expect: 3 (T,) (T, U, P)
T, U, P = Box.__type_params__
print(T.__bound__, U.__default__, P.__default__, U.has_default(), T.has_default())  # expect: <class 'int'> <class 'str'> [<class 'int'>] True False
print(Box.__orig_bases__, Box[int, str, [int]].__args__)  # expect: (typing.Generic[T, U, P],) (<class 'int'>, <class 'str'>, (<class 'int'>,))
class K[T: (int, str)]: pass
print(K.__type_params__[0].__constraints__)  # expect: (<class 'int'>, <class 'str'>)
