"""Making and dropping many small objects: binary trees."""


class Node:
    __slots__ = ("left", "right")

    def __init__(self, left, right):
        self.left = left
        self.right = right


def build(depth):
    return Node(build(depth - 1), build(depth - 1)) if depth else Node(None, None)


def count(node):
    return 1 if node.left is None else 1 + count(node.left) + count(node.right)


def main():
    kept = build(14)
    return sum(count(build(8)) for _ in range(300)) + count(kept)
