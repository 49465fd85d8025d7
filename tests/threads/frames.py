"""Frames of running threads that others look at: their variables read and written, lines, callers, stacks as text, generators' frames."""

import contextlib
import io
import sys
import traceback

# What a thread writes into the variables of others.
PLANTED = ["planted"]
MISSING = object()


def show(frames, at, frame):
    """Puts a frame where others find it."""
    frames[at] = frame


def shallow(frames, at, index):
    owner = here = [index]
    show(frames, at, sys._getframe())
    for i in range(3):
        here = [index, i, here[0]]
        text = f"{index} {i}"
        assert text.startswith(str(index))
    assert owner is PLANTED or owner == [index]
    return here


def deep(frames, at, index, n):
    owner, count = (index, n), n
    if n % 5 == 0:
        show(frames, at, sys._getframe())
    if n:
        deep(frames, at, index, n - 1)
    assert owner is PLANTED or owner == (index, n)
    return count


def closure(frames, at, index):
    cell = [index]

    def inner():
        nonlocal cell
        show(frames, at, sys._getframe())
        cell = [cell[0], str(index)]
        return cell

    inner()
    return [inner for _ in range(3) if cell]


def failing(frames, at, index):
    local = [index]
    show(frames, at, sys._getframe())
    try:
        raise KeyError(index)
    except KeyError as error:
        local.append(error)
        raise ValueError(local) from error


def numbers(frames, at, index):
    total = [0]
    show(frames, at, sys._getframe())
    for i in range(20):
        total = [total[0], i]
        yield total


class Body:
    def __init__(self, frames, at, index):
        show(frames, at, sys._getframe())
        self.value = [index]
        del index


def namespace(frames, at):
    exec("import sys\nshow(frames, at, sys._getframe())\nx = [[i] for i in range(3)]\ny = x[1]", {
        "frames": frames, "at": at, "show": show})


def look(frame, rng):
    """Reads everything that a frame tells."""
    code = frame.f_code
    assert code.co_name and code.co_filename
    line, last = frame.f_lineno, frame.f_lasti
    assert line is None or line >= 0
    assert last >= -1
    # A name that goes away between `keys` and `__getitem__` is no fault.
    with contextlib.suppress(KeyError):
        dict(frame.f_locals)
    values = frame.f_locals.copy()
    owner = values.get("owner")
    assert owner is None or owner is PLANTED or isinstance(owner, (list, tuple)), owner
    for name, value in values.items():
        assert isinstance(name, str)
        assert type(value).__name__
    # The locals of a frame of `exec` are a dict, which its thread may fill meanwhile.
    for name in list(frame.f_locals):
        value = frame.f_locals.get(name, MISSING)
        assert value is MISSING or type(value).__name__
    len(frame.f_locals), frame.f_globals["__name__"] if "__name__" in frame.f_globals else None, repr(frame)
    frame.f_generator, frame.f_trace, frame.f_builtins


def write(frame, rng):
    """Writes variables that the owner's code copes with."""
    names = frame.f_locals
    if "owner" in names:
        names["owner"] = PLANTED
    names["extra"] = rng.random()
    with contextlib.suppress(KeyError):
        names.pop("extra")
    with contextlib.suppress(RuntimeError):
        if rng.random() < 0.1:
            frame.clear()


def walk(frame):
    """Goes from a frame to its callers."""
    n = 0
    while frame is not None and n < 200:
        frame.f_lineno, frame.f_code.co_name
        frame = frame.f_back
        n += 1
    return n


def ROUND(round):
    frames = [None] * 8
    gens = [numbers(frames, i, i) for i in range(3)]

    def work(index, rng):
        sink = io.StringIO()
        while round.go_on():
            at, op = rng.randrange(8), rng.randrange(17)
            frame = frames[at]
            if op == 0:
                shallow(frames, at, index)
            elif op == 1:
                n = rng.randrange(100)
                assert deep(frames, at, index, n) in (n, PLANTED)
            elif op == 2:
                closure(frames, at, index)
            elif op == 3:
                try:
                    failing(frames, at, index)
                except ValueError as error:
                    frames[at] = error.__traceback__.tb_next.tb_frame
            elif op == 4:
                with contextlib.suppress(StopIteration, ValueError):
                    for _ in range(4):
                        next(gens[at % 3])
                    continue
                gens[at % 3] = numbers(frames, at, index)
            elif op == 5:
                frames[at] = gens[at % 3].gi_frame
            elif op == 6:
                Body(frames, at, index), namespace(frames, at)
            elif op == 7:
                current = sys._current_frames()
                for ident, f in current.items():
                    assert isinstance(ident, int)
                    assert walk(f) > 0
                look(current[rng.choice(list(current))], rng)
            elif op == 8:
                sink.seek(0)
                traceback.print_stack(frame, file=sink, limit=5)
            elif op == 9 and rng.random() < 0.3:
                with contextlib.suppress(RuntimeError):
                    traceback.StackSummary.extract(traceback.walk_stack(frame), limit=10, capture_locals=True).format()
            elif op == 10 and frame is not None:
                write(frame, rng)
            elif op == 11:
                sys._current_exceptions()
            elif op == 12:
                frames[at] = None
            elif op < 15 and frame is not None:
                look(frame, rng)
            elif frame is not None:
                walk(frame)

    round.run(work)
    del frames[:]
