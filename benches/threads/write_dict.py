"""Stores into a dict that all threads share: keys of each thread's own, new ones first."""

PARTS = 4
KEYS = 100_000


def shared(threads):
    return {}


def work(state, part):
    base = part * KEYS
    for key in range(base, base + KEYS):
        state[key] = 0
    for _ in range(15):
        for key in range(base, base + KEYS):
            state[key] += 1


def result(state, results):
    return len(state), sum(state.values())
