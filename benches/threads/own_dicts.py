"""Independent work: counting in dicts."""

PARTS = 4


def shared(threads):
    return None


def work(state, part):
    counts = {}
    for i in range(700_000):
        key = i * 7919 % 1009
        counts[key] = counts.get(key, 0) + 1
    table = {}
    for i in range(140_000):
        table[i, part] = i
    return sum(counts.values()) + len(table)


def result(state, results):
    return sum(results)
