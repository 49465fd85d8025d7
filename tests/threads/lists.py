"""Lists: what is added is removed once or is left, and every item that is seen was added by somebody."""


class Item:
    def __init__(self, owner, number):
        self.key = (owner, number)

    def __lt__(self, other):
        return self.key < other.key


def ROUND(round):
    shared, short, numbers = [], [], list(range(1000))

    def check(item):
        assert type(item) is Item and item.key[0] < round.threads, item

    def work(index, rng):
        added, removed = 0, []
        while round.go_on():
            for _ in range(50):
                op = rng.randrange(14)
                fresh = [Item(index, added + i) for i in range(rng.randrange(1, 5))]
                if op < 3:
                    shared.append(fresh[0])
                    added += 1
                elif op == 3:
                    shared.extend(fresh)
                    added += len(fresh)
                elif op == 4:
                    shared.insert(rng.randrange(-20, 20), fresh[0])
                    added += 1
                elif op == 5:
                    at = rng.randrange(30)
                    shared[at:at] = fresh
                    added += len(fresh)
                elif op == 6:
                    shared.extend(iter(fresh))
                    added += len(fresh)
                elif op < 11:
                    try:
                        removed.append(shared.pop(rng.choice((-1, 0, 3))))
                    except IndexError:
                        pass
                elif op == 11:
                    for item in shared:
                        check(item)
                        if rng.random() < 0.05:
                            break
                elif op == 12:
                    for item in shared[rng.randrange(10):rng.randrange(100)]:
                        check(item)
                    copy = list(shared)
                    assert len(set(map(id, copy))) == len(copy), "an item twice in a copy"
                else:
                    # A list whose items move: no item is lost or doubled by any of these.
                    try:
                        rng.choice((numbers.reverse, numbers.sort, lambda: numbers.sort(key=lambda n: -n)))()
                    except ValueError as e:
                        # The key function let the other thread in, which changed the list: that is told, and no number is lost.
                        assert str(e) == "list modified during sort", e
                scratch(rng)
        return added, removed

    def scratch(rng):
        op = rng.randrange(10)
        if op < 3:
            short.append(index_token)
        elif op == 3:
            short[:] = [index_token] * rng.randrange(5)
        elif op == 4:
            short.clear()
        elif op == 5:
            del short[rng.randrange(3):]
        elif op == 6:
            try:
                short[rng.randrange(-2, 2)] = index_token
            except IndexError:
                pass
        elif op == 7:
            for item in short + short:
                assert item is index_token
        elif op == 8:
            other = short * 2
            assert all(item is index_token for item in other)
            short.count(index_token), index_token in short, tuple(short), short == other
        else:
            for item in reversed(short):
                assert item is index_token

    index_token = object()
    results = round.run(work)
    added = {(i, n) for i, (count, _) in enumerate(results) for n in range(count)}
    seen = [item.key for item in shared] + [item.key for _, gone in results for item in gone]
    assert len(seen) == len(added), (len(seen), len(added))
    assert set(seen) == added
    assert sorted(numbers) == list(range(1000)), "sorting or reversing lost a number"
