"""Generators and comprehensions: a tree walked by recursive generators."""


def build(depth, value=1):
    return None if depth == 0 else (build(depth - 1, value * 2), value, build(depth - 1, value * 2 + 1))


def walk(node):
    if node is not None:
        yield from walk(node[0])
        yield node[1]
        yield from walk(node[2])


def main():
    tree = build(14)
    total = 0
    for _ in range(2):
        total += sum(x for x in walk(tree) if x % 3)
    return total, sum([x * x for x in range(200_000) if x & 1])
