"""Updating dictionaries with string and integer keys."""


def main():
    words = ["w%d" % (i * i % 1013) for i in range(5_000)]
    counts = {}
    for _ in range(60):
        for word in words:
            counts[word] = counts.get(word, 0) + 1
    squares = {}
    for i in range(300_000):
        squares[i & 0xFFF] = i
    total = 0
    for key, value in squares.items():
        if key in squares:
            total += value
    return len(counts), max(counts.values()), total
