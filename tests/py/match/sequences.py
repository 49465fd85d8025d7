def f(x):
    match x:
        case []: return "empty"
        case [a]: return f"one {a}"
        case [1, *rest, 9]: return f"1..9 {rest}"
        case (a, b, *_) if a == b: return f"equal {a}"
        case [[a, b], c]: return f"nested {a}{b}{c}"
        case [*_, last]: return f"last {last}"
        case _: return "no"
print([f(v) for v in ([], (1,), [1, 2, 3, 9], [2, 2], [[1, 2], 3], range(3), "ab", b"ab", {1: 2}, {1}, iter([1]))])  # expect: ['empty', 'one 1', '1..9 [2, 3]', 'equal 2', 'nested 123', 'last 2', 'no', 'no', 'no', 'no', 'no']
