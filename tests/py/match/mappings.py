def f(x):
    match x:
        case {"k": 1}: return "k1"
        case {"k": v, **rest} if rest: return (v, rest)
        case {"a": {"b": [c, *_]}}: return c
        case {}: return "any mapping"
        case _: return "no"
print([f(v) for v in ({"k": 1, "z": 0}, {"k": 2, "z": 0}, {"a": {"b": [7, 8]}}, {"k": 2}, {}, [])])  # expect: ['k1', (2, {'z': 0}), 7, 'any mapping', 'any mapping', 'no']
from collections import defaultdict
print(f(defaultdict(int)))  # expect: any mapping
