"""Raising and catching, through a few frames."""


class Stop(Exception):
    pass


def deep(n):
    if n == 0:
        raise Stop(n)
    try:
        return deep(n - 1)
    finally:
        pass


def main():
    caught = 0
    for i in range(40_000):
        try:
            deep(i % 5)
        except Stop:
            caught += 1
        try:
            {}[i]
        except KeyError as error:
            caught += error.args[0] & 1
    return caught
