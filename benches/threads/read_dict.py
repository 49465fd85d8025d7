"""Reads of a dict that all threads share."""

PARTS = 4


def shared(threads):
    return {f"key{i}": i for i in range(1000)}


def work(state, part):
    total, keys = 0, list(state)
    for _ in range(4_000):
        for key in keys:
            total += state[key]
    return total


def result(state, results):
    return sum(results)
