"""Appends to a list that all threads share."""

PARTS = 4


def shared(threads):
    return []


def work(state, part):
    for i in range(1_000_000):
        state.append(i)


def result(state, results):
    return len(state), sum(state)
