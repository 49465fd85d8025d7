"""Global names, builtins and functions that all threads share."""

PARTS = 4
SCALE = 3
TABLE = (1, 2, 3)


def shared(threads):
    return None


def helper(n):
    return n * SCALE + len(TABLE)


def work(state, part):
    total = 0
    for i in range(1_300_000):
        total += helper(i) + SCALE
    return total


def result(state, results):
    return sum(results)
