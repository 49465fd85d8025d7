"""Generators, coroutines, asynchronous generators, contexts, frames and tracebacks that threads share."""

import contextvars
import sys
import threading
import types

variable = contextvars.ContextVar("variable", default=0)
RACES = (StopIteration, StopAsyncIteration, ValueError, RuntimeError, KeyError, TypeError)


class Thrown(Exception):
    pass


def inner(n):
    local = [n]
    while True:
        try:
            local.append((yield local[-1]))
            del local[:-1]
        except Thrown as error:
            local.append(error.args[0])


def outer(n):
    table = {"n": n}
    try:
        yield from inner(table["n"])
    finally:
        table.clear()


@types.coroutine
def pause():
    return (yield "paused")


async def coroutine(n):
    names = [str(n)]
    async with Manager() as m:
        for _ in range(1000):
            names.append(await pause())
            del names[:-3]
            async for x in numbers(3):
                m.append(x)
            del m[:]
    return names


async def numbers(n):
    for i in range(n):
        yield i


async def endless():
    n = 0
    while True:
        got = yield n
        n = got or n + 1


class Manager:
    async def __aenter__(self):
        return []

    async def __aexit__(self, *args):
        return None


def drive(awaitable):
    try:
        while True:
            awaitable.send(None)
    except StopIteration as stop:
        return stop.value


def deep(n, rng):
    here = [n, rng]
    if n:
        return deep(n - 1, rng)
    frame = sys._getframe()
    return frame if rng.random() < 0.5 else here


def failing(n):
    text = "x" * n
    if n:
        return failing(n - 1)
    raise Thrown(text)


def ROUND(round):
    gens = [outer(i) for i in range(3)]
    coros = [coroutine(i) for i in range(2)]
    agens = [endless() for _ in range(2)]
    context = contextvars.copy_context()
    frames = [None] * 8
    errors = [None] * 8
    own_context = threading.local()

    def work(index, rng):
        own_context.value = index
        while round.go_on():
            op = rng.randrange(24)
            at = rng.randrange(8)
            try:
                if op < 4:
                    gen = gens[at % 3]
                    for _ in range(5):
                        gen.send(None)
                elif op == 4:
                    gens[at % 3].throw(Thrown(rng.random()))
                elif op == 5 and rng.random() < 0.2:
                    gens[at % 3].close()
                    gens[at % 3] = outer(at)
                elif op == 6:
                    gen = gens[at % 3]
                    frame = gen.gi_frame
                    gen.gi_yieldfrom, gen.gi_running, gen.gi_suspended, repr(gen)
                    if frame is not None:
                        frames[at] = frame
                elif op == 7:
                    frame = frames[at]
                    if frame is not None:
                        frame.f_lineno, frame.f_lasti, frame.f_back, frame.f_code, frame.f_globals, repr(frame)
                elif op == 8:
                    frame = frames[at]
                    if frame is not None:
                        values = dict(frame.f_locals)
                        repr(sorted(values)), len(frame.f_locals), list(frame.f_locals.values())
                elif op == 9:
                    frame = frames[at]
                    if frame is not None and "table" in frame.f_locals:
                        frame.f_locals["table"] = {"n": at}
                        frame.f_locals["extra"] = at
                elif op == 10:
                    frame = deep(at, rng)
                    frames[at] = frame if isinstance(frame, types.FrameType) else None
                elif op == 11:
                    current = sys._current_frames()
                    frames[at] = frame = current[rng.choice(list(current))]
                    frame.f_lineno, list(frame.f_locals)
                    for f in current.values():
                        while f is not None:
                            f.f_code.co_name, f.f_lineno
                            f = f.f_back
                elif op == 12:
                    coros[at % 2].send(at)
                elif op == 13 and rng.random() < 0.1:
                    coros[at % 2].close()
                    coros[at % 2] = coroutine(at)
                elif op == 14:
                    c = coros[at % 2]
                    c.cr_frame, c.cr_await, c.cr_running, c.cr_suspended
                elif op == 15:
                    drive(agens[at % 2].asend(None))
                elif op == 16:
                    drive(agens[at % 2].athrow(Thrown()) if rng.random() < 0.1 else agens[at % 2].__anext__())
                elif op == 17 and rng.random() < 0.1:
                    drive(agens[at % 2].aclose())
                    agens[at % 2] = endless()
                elif op == 18:
                    token = variable.set(at)
                    assert variable.get() == at
                    variable.reset(token)
                elif op == 19:
                    context.run(variable.set, at)
                elif op == 20:
                    own = contextvars.copy_context()
                    assert own.run(variable.get) == variable.get()
                    dict(own), len(context), list(context.items()), context.get(variable), context == own
                elif op == 21:
                    try:
                        failing(at)
                    except Thrown as error:
                        errors[at] = error
                elif op == 22:
                    error = errors[at]
                    if error is not None:
                        tb = error.__traceback__
                        while tb is not None:
                            tb.tb_lineno, tb.tb_frame.f_locals.get("text"), tb.tb_frame.f_back
                            tb = tb.tb_next
                        error.__context__ = errors[at - 1] if errors[at - 1] is not error else None
                        error.add_note("note")
                        if rng.random() < 0.1:
                            error.with_traceback(None)
                            tb = None
                else:
                    error = errors[at]
                    if error is not None:
                        try:
                            raise error
                        except Thrown as again:
                            assert again is error
                        if rng.random() < 0.2:
                            errors[at] = None
                assert own_context.value == index
            except Thrown:
                agens[at % 2] = endless()
            except RACES as error:
                text = str(error)
                if isinstance(error, (StopIteration, StopAsyncIteration)) or "coroutine" in text or "closed" in text:
                    agens[at % 2] = endless()

    round.run(work)
    del frames[:], errors[:]
