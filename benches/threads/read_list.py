"""Reads of a list that all threads share."""

PARTS = 4


def shared(threads):
    return list(range(1000))


def work(state, part):
    total = 0
    for _ in range(5_000):
        for i in range(1000):
            total += state[i]
        for item in state:
            total += item
    return total


def result(state, results):
    return sum(results)
