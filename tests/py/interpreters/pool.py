# The executor whose workers are interpreters.
from concurrent.futures import InterpreterPoolExecutor


def work(n):
    import sys

    total = 0
    for k in range(n):
        total += k
    return total


def bad():
    raise ValueError("spam")


with InterpreterPoolExecutor(2) as pool:
    print(list(pool.map(work, range(0, 500, 100))))  # expect: [0, 4950, 19900, 44850, 79800]
    print(pool.submit(divmod, 7, 2).result())  # expect: (3, 1)
    e = pool.submit(bad).exception()
    print(type(e).__name__, e, type(e.__cause__).__name__)  # expect: ValueError spam ExecutionFailed
