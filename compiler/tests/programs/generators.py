"""Generators, coroutines, asynchronous iteration."""


def g(n):
    got = []
    for i in range(n):
        got.append((yield i))
    return got

it = g(2)
assert next(it) == 0 and it.send("a") == 1
try:
    it.send("b")
except StopIteration as e:
    assert e.value == ["a", "b"]


def outer():
    r = yield from g(2)
    yield r
    x = yield
    return x

o = outer()
assert [next(o), o.send(1), o.send(2), next(o)] == [0, 1, [1, 2], None]


def closing(log):
    try:
        while True:
            try:
                yield 1
            except KeyError as e:
                log.append(e.args)
                yield "caught"
    finally:
        log.append("closed")

log = []
c = closing(log)
assert next(c) == 1 and c.throw(KeyError("k")) == "caught" and next(c) == 1
c.close()
assert log == [("k",), "closed"]
assert list(x * y for x in range(3) for y in range(2) if x) == [0, 1, 0, 2]
assert sum(i for i in range(5)) == 10


def fib():
    a, b = 0, 1
    while True:
        yield a
        a, b = b, a + b

f = fib()
assert [next(f) for _ in range(10)] == [0, 1, 1, 2, 3, 5, 8, 13, 21, 34]


class Aw:
    def __init__(self, v): self.v = v
    def __await__(self):
        r = yield self.v
        return (self.v, r)


def run(coro, *sends):
    out = []
    v = None
    sends = list(sends)
    try:
        while True:
            out.append(coro.send(v))
            v = sends.pop(0) if sends else None
    except StopIteration as e:
        return out, e.value


async def co():
    a = await Aw(1)
    b = await Aw(2)
    return a, b

assert run(co(), "x", "y") == ([1, 2], ((1, "x"), (2, "y")))


class AI:
    def __init__(self, n): self.i, self.n = 0, n
    def __aiter__(self): return self
    async def __anext__(self):
        if self.i == self.n: raise StopAsyncIteration
        self.i += 1
        return self.i


class ACM:
    def __init__(self, log, swallow=False): self.log, self.swallow = log, swallow
    async def __aenter__(self): await Aw("in"); self.log.append("enter"); return 5
    async def __aexit__(self, t, v, tb):
        await Aw("out")
        self.log.append(t and t.__name__)
        return self.swallow


async def loops():
    out = []
    async for i in AI(4):
        if i == 2: continue
        if i == 4: break
        out.append(i)
    else:
        out.append("no")
    async for i in AI(1): pass
    else: out.append("else")
    return out, [x async for x in AI(3) if x != 2], {x: y async for x in AI(2) async for y in AI(x)}, [await Aw(x) for x in (1,)]

assert run(loops()) == ([1], ([1, 3, "else"], [1, 3], {1: 1, 2: 2}, [(1, None)])), run(loops())


async def withs(log):
    async with ACM(log) as x, ACM(log, True):
        raise ValueError
    async with ACM(log):
        return x

log = []
assert run(withs(log)) == (["in", "in", "out", "out", "in", "out"], 5), log
assert log == ["enter", "enter", "ValueError", None, "enter", None], log


async def agen(n):
    for i in range(n):
        r = yield i
        if r: yield r


async def use():
    out = [x async for x in agen(3)]
    a = agen(2)
    out.append(await a.asend(None))
    out.append(await a.asend("s"))
    return out

assert run(use()) == ([], [0, 1, 2, 0, "s"]), run(use())
assert run((lambda: (x async for x in agen(2)))().__anext__().__await__() if 0 else co())[0] == [1, 2]


def gen_in_try():
    try:
        yield 1
    finally:
        yield 2

assert list(gen_in_try()) == [1, 2]


def lam():
    return list((lambda: (yield 5))())

assert lam() == [5]


def deep(n):
    if n: yield from deep(n - 1)
    yield n

assert list(deep(50)) == list(range(51))
print("ok")
