"""Sets: each member is added and popped once; operations on two sets see valid members only."""


class Member:
    def __init__(self, number):
        self.number = number

    def __hash__(self):
        return self.number % 11

    def __eq__(self, other):
        return isinstance(other, Member) and other.number == self.number


def ROUND(round):
    shared, hot, other, slow = set(), set(), {1, 2, 3}, set()

    def work(index, rng):
        added, removed = 0, []
        while round.go_on():
            for _ in range(40):
                op = rng.randrange(14)
                if op < 4:
                    shared.add((index, added))
                    added += 1
                elif op == 4:
                    more = [(index, added + i) for i in range(5)]
                    rng.choice((shared.update, lambda m: shared.__ior__(set(m))))(more)
                    added += 5
                elif op < 8:
                    try:
                        removed.append(shared.pop())
                    except KeyError:
                        pass
                elif op == 8 and added:
                    key = index, rng.randrange(added)
                    try:
                        shared.remove(key)
                        removed.append(key)
                    except KeyError:
                        pass
                elif op == 9:
                    try:
                        for key in shared:
                            assert key[0] < round.threads
                            if rng.random() < 0.05:
                                break
                    except RuntimeError:
                        pass
                elif op == 10:
                    copy = rng.choice((set, frozenset, lambda s: s | set(), lambda s: s - {0}))(shared)
                    assert len(copy) == len(list(copy))
                elif op == 11:
                    slow.add(Member(rng.randrange(40)))
                    slow.discard(Member(rng.randrange(40)))
                    Member(1) in slow
                else:
                    play(rng)
        return added, removed

    def play(rng):
        n, op = rng.randrange(50), rng.randrange(12)
        if op < 4:
            hot.add(n)
        elif op == 4:
            hot.discard(n)
        elif op == 5:
            hot.clear()
        elif op == 6:
            hot.__iand__(other)
            other.__ior__(hot)
        elif op == 7:
            hot.symmetric_difference_update(other)
        elif op == 8:
            hot.difference_update({n, n + 1})
            other.discard(n)
        elif op == 9:
            result = rng.choice((hot | other, hot & other, hot - other, hot ^ other))
            assert all(type(m) is int and m < 50 for m in result)
        elif op == 10:
            hot <= other, hot == other, hot.isdisjoint(other), n in hot, len(hot)
        else:
            assert all(type(m) is int and m < 50 for m in list(hot.copy()))

    results = round.run(work)
    added = {(i, n) for i, (count, _) in enumerate(results) for n in range(count)}
    gone = [key for _, removed in results for key in removed]
    assert len(gone) + len(shared) == len(added), (len(gone), len(shared), len(added))
    assert set(gone) | shared == added
    assert len(slow) == len({m.number for m in slow}), "a member twice"
    assert len(hot) == len(list(hot))
