"""ThreadPoolExecutor.map: the number of threads is that of the pool."""

import concurrent.futures

PARTS = 4


def shared():
    return concurrent.futures.ThreadPoolExecutor(2)


def task(n):
    return sum(range(n % 100 + 200))


def work(state, part):
    return sum(state.map(task, range(12_000)))


def result(state, results):
    state.shutdown()
    return sum(results)
