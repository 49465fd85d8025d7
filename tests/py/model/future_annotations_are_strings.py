from __future__ import annotations
def f(a: int, b: x.y[1] | None = 1) -> "q": ...
class C:
    a: list[ int ]
print(f.__annotations__, C.__annotations__)  # expect: {'a': 'int', 'b': 'x.y[1] | None', 'return': "'q'"} {'a': 'list[int]'}
