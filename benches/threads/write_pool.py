"""ThreadPoolExecutor.map of a pool that all threads share, which has as many workers."""

import concurrent.futures

PARTS = 4


def shared(threads):
    return concurrent.futures.ThreadPoolExecutor(threads)


def task(n):
    return sum(range(n % 100 + 200))


def work(state, part):
    return sum(state.map(task, range(12_000)))


def result(state, results):
    state.shutdown()
    return sum(results)
