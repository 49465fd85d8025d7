from dataclasses import dataclass
@dataclass
class P:
    x: int
    y: int
def f(v):
    match v:
        case P(0, 0): return "origin"
        case P(x=0, y=y): return f"y axis {y}"
        case P(x, y) if x == y: return "diagonal"
        case P(): return "point"
        case int(n) | float(n): return f"number {n}"
        case str() as s: return f"string {s}"
        case list([a, b]): return a + b
print([f(v) for v in (P(0, 0), P(0, 3), P(2, 2), P(1, 2), 5, 1.5, "q", [1, 2], None)])  # expect: ['origin', 'y axis 3', 'diagonal', 'point', 'number 5', 'number 1.5', 'string q', 3, None]
