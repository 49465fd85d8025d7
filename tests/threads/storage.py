"""Big storage: lists, dicts, sets and bytearrays outgrow theirs all the time, under readers that take no lock."""

import time

BIG = 20_000


def ROUND(round):
    numbers, table, members, data = [], {}, set(), bytearray()

    def grow(index, rng):
        while round.go_on():
            op = rng.randrange(8)
            if op == 0:
                for i in range(BIG):
                    numbers.append(i)
            elif op == 1:
                numbers.extend(range(len(numbers), len(numbers) + BIG))
            elif op == 2:
                for i in range(BIG):
                    table[i] = -i
            elif op == 3:
                members.update(range(BIG))
            elif op == 4:
                data.extend(bytes(range(256)) * 256)
            elif op == 5:
                numbers.clear()
                table.clear()
            elif op == 6:
                members.clear()
                data.clear()
            else:
                del numbers[BIG // 2:]
                for i in list(table)[:BIG // 2]:
                    table.pop(i, None)
            if rng.random() < 0.1:
                time.sleep(0.001)

    def read(index, rng):
        while round.go_on():
            for n in numbers[-100:]:
                assert type(n) is int and n >= 0, n
            try:
                for k, v in table.items():
                    assert k == -v, (k, v)
                for m in members:
                    assert 0 <= m < BIG, m
            except RuntimeError:
                pass
            total = 0
            for i in range(0, BIG, 97):
                v = table.get(i)
                assert v is None or v == -i, v
                assert i in members or True
                try:
                    total += numbers[i] + data[i]
                except IndexError:
                    pass
            copy = bytes(data)
            assert copy == bytes(range(256)) * (len(copy) // 256), "bytes that nobody wrote"
            assert sorted(numbers[:50]) is not None
            if rng.random() < 0.3:
                time.sleep(0)

    def compute(index, rng):
        x = 1
        while round.go_on():
            for _ in range(1000):
                x = x * 48271 % 2147483647

    round.run(grow, read, compute, read)
