"""A queue that all threads put into and get from."""

import queue

PARTS = 4


def shared(threads):
    return queue.SimpleQueue(), queue.Queue()


def work(state, part):
    simple, full = state
    total = 0
    for i in range(250_000):
        simple.put(i)
        total += simple.get() >= 0
    for i in range(25_000):
        full.put(i)
        total += full.get() >= 0
    return total


def result(state, results):
    return sum(results)
