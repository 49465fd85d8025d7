"""Independent work: building strings."""

PARTS = 4


def shared(threads):
    return None


def work(state, part):
    total = 0
    for i in range(12_000):
        words = [f"{i}-{n:03d}" for n in range(8)]
        text = ",".join(words).upper()
        total += len(text.replace("-", "--").split(",")) + text.count("0")
    return total


def result(state, results):
    return sum(results)
