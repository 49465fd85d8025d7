"""Calling methods."""


class Counter:
    def __init__(self):
        self.n = 0

    def add(self, k):
        self.n += k

    def double(self, k):
        self.add(k + k)


def main():
    c = Counter()
    for i in range(600_000):
        c.add(i)
        c.double(i)
    return c.n
