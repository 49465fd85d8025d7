"""Slices and permutations: the most flips that bring 1 to the front of a permutation of n numbers."""


def permutations(n):
    order = list(range(n))
    counts = [0] * n
    yield order
    i = 1
    while i < n:
        if counts[i] < i:
            j = counts[i] if i % 2 else 0
            order[i], order[j] = order[j], order[i]
            yield order
            counts[i] += 1
            i = 1
        else:
            counts[i] = 0
            i += 1


def flips(order):
    order = order[:]
    count = 0
    first = order[0]
    while first:
        order[: first + 1] = order[first::-1]
        first = order[0]
        count += 1
    return count


def main():
    most = 0
    for order in permutations(8):
        if order[0]:
            count = flips(order)
            if count > most:
                most = count
    return most
