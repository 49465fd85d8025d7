from typing import *
T = TypeVar("T")
class P(Protocol):
    def f(self) -> int: ...
@runtime_checkable
class R(Protocol):
    def g(self): ...
class Impl:
    def g(self): ...
class TD(TypedDict, total=False): a: Required[int]; b: str
class NT(NamedTuple): x: int; y: str = "d"
print(Optional[int], Union[int, str], List[int], Dict[str, T], Callable[[int], str], Literal[1, "a"], Annotated[int, "m"], isinstance(Impl(), R), NT(1), TD.__required_keys__, get_type_hints(NT), get_args(Dict[int, str]), get_origin(List[int]))  # expect: int | None int | str typing.List[int] typing.Dict[str, ~T] typing.Callable[[int], str] typing.Literal[1, 'a'] typing.Annotated[int, 'm'] True NT(x=1, y='d') frozenset({'a'}) {'x': <class 'int'>, 'y': <class 'str'>} (<class 'int'>, <class 'str'>) <class 'list'>
for f in (lambda: isinstance(1, P), lambda: P(), lambda: Union[()], lambda: List[int, int], lambda: Optional[1, 2], lambda: Any()):
    try:
        f()
    except TypeError as e:
        print(e)
        # expect: Instance and class checks can only be used with @runtime_checkable protocols
        # expect: Protocols cannot be instantiated
        # expect: Cannot take a Union of no types.
        # expect: Too many arguments for typing.List; actual 2, expected 1
        # expect: typing.Optional requires a single type. Got (1, 2).
        # expect: Any cannot be instantiated
