"""Independent work: recursive calls."""

PARTS = 4


def shared(threads):
    return None


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def work(state, part):
    return fib(32)


def result(state, results):
    return sum(results)
