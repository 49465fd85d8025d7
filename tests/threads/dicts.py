"""Dicts: every key set once is there or was removed once; `setdefault` has one winner; values belong to their keys;
values that threads put beside each other into a large dict, which grows, are what their thread put there last."""


class Key:
    """A key whose comparison is Python code."""

    def __init__(self, number):
        self.number = number

    def __hash__(self):
        return self.number % 7

    def __eq__(self, other):
        return isinstance(other, Key) and self.number == other.number


def ROUND(round):
    shared, race, hot, slow = {}, {}, {"a": ("a", 0)}, {}
    names = [f"k{i}" for i in range(40)]
    large = {}

    def work(index, rng):
        added, removed, won = 0, [], {}
        mine = {(index, n): 0 for n in range(200)}
        large.update(mine)
        while round.go_on():
            for _ in range(40):
                op = rng.randrange(18)
                if op < 4:
                    shared[index, added] = (index, added)
                    added += 1
                elif op == 4:
                    more = {(index, added + i): (index, added + i) for i in range(4)}
                    shared.update(more) if rng.random() < 0.5 else shared.__ior__(more)
                    added += 4
                elif op < 7:
                    try:
                        key, value = shared.popitem()
                        assert key == value
                        removed.append(key)
                    except KeyError:
                        pass
                elif op == 7 and added:
                    key = index, rng.randrange(added)
                    if shared.pop(key, None) is not None:
                        removed.append(key)
                elif op == 8:
                    key = rng.randrange(2000)
                    token = (index, key)
                    if race.setdefault(key, token) is token:
                        won[key] = token
                elif op == 9:
                    try:
                        for key, value in shared.items():
                            assert key == value
                            if rng.random() < 0.02:
                                break
                    except RuntimeError:
                        pass
                elif op == 10:
                    for key, value in shared.copy().items():
                        assert key == value
                        if rng.random() < 0.05:
                            break
                elif op == 11:
                    key = Key(rng.randrange(30))
                    slow[key] = key.number
                    assert slow.get(key, key.number) == key.number
                    if rng.random() < 0.3:
                        slow.pop(Key(rng.randrange(30)), None)
                elif op < 14:
                    store(rng, index, mine)
                else:
                    play(rng)
        assert all(large[key] == serial for key, serial in mine.items())
        return added, removed, won

    def store(rng, index, mine):
        for _ in range(20):
            key = index, rng.randrange(200)
            mine[key] += 1
            large[key] = mine[key]
            assert large[key] == mine[key], "a store is lost"
        op = rng.randrange(8)
        if op < 3:
            # Growth, and after it removal.
            for n in range(300, 300 + rng.randrange(900)):
                large[index, n] = 0
        elif op < 6:
            for n in range(300, 1200):
                if large.pop((index, n), None) is None:
                    break
        elif op == 6:
            copy = large.copy() if rng.random() < 0.5 else large | {}
            assert all(copy[key] == serial for key, serial in mine.items())
        else:
            key = index, rng.randrange(200)
            assert large.pop(key) == mine.pop(key)
            large[key] = mine[key] = 1

    def play(rng):
        """Keys that come and go: a value always names its key."""
        key, op = rng.choice(names), rng.randrange(12)
        if op < 4:
            hot[key] = (key, rng.random())
        elif op == 4:
            try:
                del hot[key]
            except KeyError:
                pass
        elif op == 5:
            hot.clear()
        elif op == 6:
            assert all(k == v[0] for k, v in dict(hot).items())
            assert all(k == v[0] for k, v in (hot | {}).items())
        elif op == 7:
            try:
                for k in hot:
                    pass
                list(hot.values()), list(reversed(hot)), hot == dict(hot)
            except RuntimeError:
                pass
        elif op == 8:
            hot.setdefault(key, (key, 1))
        elif op == 9:
            key in hot, len(hot), repr(hot)[:1]
            try:
                hot.keys() & {"k1"}
            except RuntimeError:
                pass  # It iterates over the view when that is the smaller one.
        else:
            value = hot.get(key)
            assert value is None or value[0] == key

    results = round.run(work)
    added = {(i, n) for i, (count, _, _) in enumerate(results) for n in range(count)}
    gone = [key for _, removed, _ in results for key in removed]
    assert len(gone) + len(shared) == len(added), (len(gone), len(shared), len(added))
    assert set(gone) | set(shared) == added
    assert all(shared[key] == key for key in shared)
    winners = {}
    for _, _, won in results:
        for key, token in won.items():
            assert winners.setdefault(key, token) is token, "two threads won"
            assert race[key] is token
    assert set(winners) == set(race)
    assert len(slow) == len({key.number for key in slow}), "a key twice"
    assert len(hot) == len(list(hot))
