"""Attributes and methods of a class, and attributes of one instance, that all threads share."""

PARTS = 4


class Shared:
    limit = 3

    def __init__(self):
        self.value = 1

    def method(self, n):
        return self.value + n


def shared(threads):
    return Shared()


def work(state, part):
    total = 0
    for i in range(1_900_000):
        total += state.method(Shared.limit) + state.value
    return total


def result(state, results):
    return sum(results)
