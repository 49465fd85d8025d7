type Pair[T] = tuple[T, T]
type Rec = list[Rec] | int
print(Pair, Pair.__type_params__, Pair.__value__)  # expect: Pair (T,) tuple[T, T]
print(Rec.__value__, Pair[int], Pair.__name__, Pair.__module__)  # expect: list[Rec] | int Pair[int] Pair __main__
type Lazy = undefined_name
try:
    Lazy.__value__
except NameError as e:
    print(e)  # expect: name 'undefined_name' is not defined
