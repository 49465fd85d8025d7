"""Iterators and generators shared by threads: valid items only, and never a crash."""

import itertools


def counter(limit):
    for i in range(limit):
        yield i


def chatty():
    received = 0
    while True:
        try:
            received = yield received
        except ValueError:
            received = "caught"


def ROUND(round):
    base, table, members = list(range(300)), {i: i for i in range(300)}, set(range(300))
    text, data = "abc" * 100, bytes(range(256))

    def makers():
        yield lambda: iter(base)
        yield lambda: reversed(base)
        yield lambda: iter(tuple(base))
        yield lambda: iter(table)
        yield lambda: iter(table.items())
        yield lambda: iter(members)
        yield lambda: iter(text)
        yield lambda: iter(data)
        yield lambda: iter(range(300))
        yield lambda: iter(range(10**30, 10**30 + 300))
        yield lambda: enumerate(base)
        yield lambda: zip(base, text)
        yield lambda: map(lambda a: a, base)
        yield lambda: filter(None, base)
        yield lambda: iter(lambda: 1, 2)
        yield lambda: counter(300)
        yield lambda: (i for i in base)
        yield lambda: itertools.chain(base, base)
        yield lambda: itertools.count()
        yield lambda: itertools.count(1.5, 0.5)
        yield lambda: itertools.cycle(base[:7])
        yield lambda: itertools.islice(base, 5, 200)
        yield lambda: itertools.accumulate(base)
        yield lambda: itertools.groupby(base, lambda n: n // 10)
        yield lambda: itertools.tee(base)[0]
        yield lambda: itertools.permutations(base[:5])
        yield lambda: itertools.combinations(base[:7], 3)
        yield lambda: itertools.combinations_with_replacement(base[:5], 3)
        yield lambda: itertools.product(base[:7], base[:7])
        yield lambda: itertools.batched(base, 7)
        yield lambda: itertools.pairwise(base)
        yield lambda: itertools.zip_longest(base, text)
        yield lambda: itertools.starmap(max, zip(base, base))
        yield lambda: itertools.takewhile(lambda n: n < 200, base)
        yield lambda: itertools.dropwhile(lambda n: n < 20, base)
        yield lambda: itertools.filterfalse(lambda n: n & 1, base)
        yield lambda: itertools.compress(base, itertools.cycle((0, 1)))
        yield lambda: itertools.repeat(1, 300)

    every = list(makers())
    current = [make() for make in every]
    gens = [chatty() for _ in range(3)]
    for gen in gens:
        next(gen)
    # From iterators that are exact about it, every item comes once.
    once = iter(base)
    numbers = itertools.count()
    exact = iter([object() for _ in range(5000)])

    def work(index, rng):
        got, taken = [], []
        while round.go_on():
            at = rng.randrange(len(every))
            it = current[at]
            try:
                for _ in range(20):
                    next(it)
                if rng.random() < 0.05:
                    it.__length_hint__() if hasattr(it, "__length_hint__") else repr(it)
                    it.__reduce__() if rng.random() < 0.1 and not hasattr(it, "send") else None
            except StopIteration:
                current[at] = every[at]()
            except ValueError as error:
                assert "already executing" in str(error), error
            except RuntimeError as error:
                assert "changed" in str(error) or "tee" in str(error), error
            except TypeError as error:
                assert "pickle" in str(error), error
            got.extend(next(numbers) for _ in range(5))
            item = next(exact, None)
            if item is not None:
                taken.append(id(item))
            talk(rng.choice(gens), rng)
            op = rng.randrange(50)
            if op == 0:
                base.append(1) if len(base) < 400 else base.pop()
            elif op == 1:
                table[rng.randrange(400)] = 1
            elif op == 2:
                members.add(rng.randrange(400))
        return got, taken

    def talk(gen, rng):
        try:
            op = rng.randrange(20)
            if op == 0:
                gen.throw(ValueError("thrown"))
            elif op == 1 and rng.random() < 0.05:
                gen.close()
                gens[gens.index(gen)] = fresh = chatty()
                next(fresh)
            elif op == 2:
                gen.gi_frame, gen.gi_running, gen.gi_yieldfrom
            else:
                number = rng.random()
                gen.send(number)
        except (StopIteration, ValueError) as error:
            assert "already executing" in str(error) or type(error) is StopIteration or "thrown" in str(error) \
                or "not in list" in str(error), error
        except TypeError as error:
            assert "just-started" in str(error), error

    results = round.run(work)
    got = [n for numbers_, _ in results for n in numbers_]
    assert len(set(got)) == len(got), "count() gave a number twice"
    assert set(got) == set(range(len(got))), "count() left a number out"
    del once
