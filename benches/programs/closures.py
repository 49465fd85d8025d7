"""Closures, default arguments, keyword arguments, and functions as values."""


def make(step):
    total = 0

    def add(value, *, times=1):
        nonlocal total
        total += value * step * times
        return total

    return add


def apply(function, *arguments, **options):
    return function(*arguments, **options)


def main():
    adders = [make(step) for step in range(1, 5)]
    result = 0
    for i in range(100_000):
        for add in adders:
            result = add(i)
        result += apply(adders[i & 3], i, times=2)
    return result, sorted(range(50_000), key=lambda n: n * 7919 % 50_021)[:3]
