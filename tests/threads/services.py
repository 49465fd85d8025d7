"""Objects of library modules that threads share: picklers, decimals, dates, foreign memory, patterns, contexts, loggers, digests, streams."""

import contextvars
import copy
import csv
import ctypes
import datetime
import decimal
import functools
import hashlib
import io
import json
import logging
import pickle
import random
import re
import zlib

RACES = (RuntimeError, pickle.PickleError, EOFError, ValueError, AttributeError, TypeError, KeyError, IndexError, zlib.error)


class Point:
    """An instance that is pickled while its class and its attributes change."""

    def __init__(self, n):
        self.n, self.m = n, n


class Slots:
    __slots__ = ("a", "b")

    def __init__(self):
        self.a = self.b = 1


class Pair(ctypes.Structure):
    _fields_ = [("a", ctypes.c_int), ("b", ctypes.c_double), ("text", ctypes.c_char * 8)]


def numbers(n):
    try:
        while True:
            yield n
            n += 1
    finally:
        closed.append(1)


closed = []


def ROUND(round):
    out = io.BytesIO()
    pickler = pickle.Pickler(out)
    dumped = pickle.dumps([Point(1), {"a": [1, 2]}, "x" * 50])
    unpickler = pickle.Unpickler(io.BytesIO(dumped * 50))
    point, slots = Point(7), Slots()
    context = decimal.Context(prec=20)
    amount = decimal.Decimal("1.1")
    moment = datetime.datetime(2020, 2, 29, tzinfo=datetime.timezone.utc)
    pair, block = Pair(1, 2.0, b"abc"), (ctypes.c_int * 64)()
    pattern = re.compile(r"(\w)(\d)?")
    text = "a1 b2 c " * 20
    scanners = [pattern.scanner(text)]
    finders = [pattern.finditer(text)]
    variable = contextvars.ContextVar("variable", default=0)
    ctx = contextvars.copy_context()
    stream = io.StringIO()
    logger = logging.Logger("stress")
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    digest = hashlib.sha256()
    table = io.StringIO()
    writer = csv.writer(table)
    packer = zlib.compressobj()
    squeezed = []
    coin = random.Random(1)
    generators = [numbers(0)]
    weak_methods = [functools.partial(int, "7")]
    fed, logged, rows = [0] * round.threads, [0] * round.threads, [0] * round.threads

    def pickling(rng, k):
        if k < 20:
            pickler.dump([point, slots.a, k])
        elif k < 30:
            pickler.clear_memo(), pickler.memo
            out.seek(0), out.truncate()
        elif k < 50:
            loaded = unpickler.load()
            assert loaded[0].n == 1 and loaded[2] == "x" * 50
        elif k < 60:
            setattr(point, f"x{rng.randrange(20)}", [k])
        elif k < 70:
            delattr(point, f"x{rng.randrange(20)}")
        elif k < 80:
            setattr(Point, f"y{rng.randrange(5)}", k)
            Point.__reduce_ex__ = object.__reduce_ex__
        elif k < 85:
            del Point.__reduce_ex__
        else:
            twin = pickle.loads(pickle.dumps(point, rng.randrange(6)))
            assert twin.n == 7 and twin.m == 7
            assert copy.deepcopy(slots).a == 1

    def counting(rng, k):
        if k < 30:
            assert context.add(amount, 1) in (decimal.Decimal("2.1"), decimal.Decimal(2))
        elif k < 40:
            context.prec = rng.randrange(5, 30)
            context.clear_flags(), context.flags, repr(context)
        elif k < 60:
            with decimal.localcontext(context) as local:
                local.prec = 5
                assert amount / 3 == decimal.Decimal("0.36667")
        elif k < 80:
            later = moment + datetime.timedelta(days=k)
            assert (later - moment).days == k and hash(later) == hash(later.replace())
            datetime.datetime.fromisoformat(later.isoformat()), later.strftime("%Y-%m-%d %z")
        else:
            assert pickle.loads(pickle.dumps(moment)) == moment and str(amount) == "1.1"

    def foreign(rng, k):
        pair.a, pair.b = k, k * 2.0
        assert 0 <= pair.a < 100 and len(pair.text) <= 8
        block[k % 64] = k
        assert sum(block) >= 0 and len(bytes(block)) == 256
        pair.text = b"z" * (k % 8)
        other = ctypes.cast(ctypes.pointer(pair), ctypes.POINTER(Pair))
        other.contents.a = k
        ctypes.memmove(block, bytes(16), 16), memoryview(block)[:4], block[1:5]

    def matching(rng, k):
        if k < 40:
            m = scanners[0].search()
            assert m is None or m[1].isalpha()
        elif k < 70:
            for m in finders[0]:
                assert m.group(0) in text
        elif k < 80:
            scanners[0], finders[0] = pattern.scanner(text), pattern.finditer(text)
        elif k < 90:
            assert next(generators[0], 0) >= 0
        elif k < 95:
            generators[0].close()
            generators[0] = numbers(k)
        else:
            generators[0].throw(ValueError)

    def contexts(rng, k):
        if k < 50:
            token = variable.set(k)
            assert variable.get() == k
            variable.reset(token)
        elif k < 80:
            ctx.run(lambda: (variable.set(k), variable.get()))
        else:
            assert ctx.copy().get(variable, 0) < 100
            len(ctx), list(ctx.items()), ctx.get(variable)

    def work(index, rng):
        while round.go_on():
            op, k = rng.randrange(10), rng.randrange(100)
            try:
                if op < 5:
                    (pickling, counting, foreign, matching, contexts)[op](rng, k)
                elif op == 5:
                    logger.warning("%d|%d", index, logged[index])
                    logged[index] += 1
                elif op == 6:
                    digest.update(b"ab" * k)
                    fed[index] += k
                    digest.copy().hexdigest(), digest.digest()
                elif op == 7:
                    writer.writerow([index, rows[index], "a,b"])
                    rows[index] += 1
                elif op == 8:
                    squeezed.append(packer.compress(b"ab" * k))
                    packer.copy()
                    assert 0 <= coin.random() < 1 and weak_methods[0]() == 7
                else:
                    assert json.loads(json.dumps({"a": [k, variable.get()]}))["a"][0] == k
            except RACES:
                pass

    round.run(work)
    lines = stream.getvalue().splitlines()
    assert sorted(lines) == sorted(f"{i}|{n}" for i in range(round.threads) for n in range(logged[i]))
    assert digest.hexdigest() == hashlib.sha256(b"ab" * sum(fed)).hexdigest()
    read = sorted((int(a), int(b)) for a, b, _ in csv.reader(io.StringIO(table.getvalue())))
    assert read == [(i, n) for i in range(round.threads) for n in range(rows[i])]
    closed.clear()
