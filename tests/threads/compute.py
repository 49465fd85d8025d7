"""Independent work, checked: strings, numbers, objects, recursion, sorting, comprehension, formatting."""


class Tree:
    __slots__ = ("left", "right")

    def __init__(self, depth):
        self.left = Tree(depth - 1) if depth else None
        self.right = Tree(depth - 1) if depth else None

    def count(self):
        return 1 + (self.left.count() + self.right.count() if self.left else 0)


def sieve(n):
    flags = bytearray([1]) * n
    for i in range(2, int(n ** 0.5) + 1):
        if flags[i]:
            flags[i * i::i] = bytes(len(range(i * i, n, i)))
    return sum(flags) - 2


def words(n):
    counts = {}
    for i in range(n):
        word = f"w{i % 97}"
        counts[word] = counts.get(word, 0) + 1
    return sum(counts.values())


def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def work(index, rng):
    assert Tree(9).count() == 1023
    assert sieve(2000) == 303
    assert words(1000) == 1000
    assert collatz(27) == 111
    assert sum(x * 0.5 for x in range(1000)) == 249750.0
    assert 3 ** 400 % 10 ** 20 == pow(3, 400, 10 ** 20)
    text = "".join(chr(97 + i % 26) for i in range(500))
    assert sorted(text)[0] == "a" and len(text.upper().split("A")) == 21
    data = [rng.random() for _ in range(300)]
    ordered = sorted(data)
    assert all(a <= b for a, b in zip(ordered, ordered[1:])) and len(ordered) == 300
    assert {k: v for k, v in enumerate(data)}[7] == data[7]
    assert [*map(str, range(50))][-1] == "49"


def ROUND(round):
    def loop(index, rng):
        while round.go_on():
            work(index, rng)

    round.run(loop)
