"""Reading and writing attributes of an instance."""


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y
        self.total = 0


def main():
    p = Point(1, 2)
    for _ in range(2_000_000):
        p.total = p.total + p.x + p.y
    return p.total
