"""Independent work: making objects, and calling their methods."""

PARTS = 4


class Node:
    def __init__(self, left, right, value):
        self.left = left
        self.right = right
        self.value = value

    def total(self):
        return self.value + (self.left.total() + self.right.total() if self.left else 0)


def shared(threads):
    return None


def tree(depth):
    return Node(tree(depth - 1), tree(depth - 1), depth) if depth else Node(None, None, 1)


def work(state, part):
    return sum(tree(11).total() for _ in range(210))


def result(state, results):
    return sum(results)
