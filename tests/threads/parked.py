"""Threads that wait keep what they hold: in temporaries, in arguments, in native functions between; others collect meanwhile."""

import functools
import gc
import itertools
import operator
import queue
import threading
import time
import weakref


def fresh(tag):
    return [tag, str(tag) * 2, {tag: (tag, [tag])}]


def check(tag, *parts):
    for part in parts:
        assert part == fresh(tag), (tag, part)


def publish(requests, target):
    """Hands a taken lock to the partner, who knows it by a weak reference only, and forgets it."""
    requests.put(weakref.ref(target))
    return target


def taken():
    lock = threading.Lock()
    lock.acquire()
    return lock


def wake(target, value, rng):
    [fresh(i) for i in range(rng.randrange(60))]
    if rng.random() < 0.02:
        gc.collect()
    if rng.random() < 0.5:
        time.sleep(0.0002)
    if isinstance(target, weakref.ref):
        target = target()
        assert target is not None, "an object that is waited for has died"
    if hasattr(target, "release"):
        target.release()
    elif hasattr(target, "set"):
        target.set()
    else:
        target.put(value)


class Late:
    """A timeout that is found out by waiting."""

    def __init__(self, wait):
        self.wait = wait

    def __index__(self):
        self.wait()
        return 5


def suspended(tag, wait):
    own = fresh(tag)
    got = wait()
    yield [own, got]
    check(tag, own)


# Each waits once for what it asks its partner for.


def plain(tag, asks, rng):
    lock = taken()
    asks.put(lock)
    check(tag, fresh(tag), *[x for x in [fresh(tag)] if lock.acquire()], fresh(tag))
    asks.put(lock)
    parts = [fresh(tag), lock.acquire(), fresh(tag)]
    check(tag, parts[0], parts[2])


def object_in_the_call(tag, asks, rng):
    parts = [fresh(tag), publish(asks, taken()).acquire(), fresh(tag)]
    check(tag, parts[0], parts[2])
    parts = [fresh(tag), publish(asks, taken()).acquire(blocking=True, timeout=30), fresh(tag)]
    check(tag, parts[0], parts[2])
    parts = [fresh(tag), publish(asks, taken()).__enter__(), fresh(tag)]
    check(tag, parts[0], parts[2])
    with publish(asks, taken()):
        check(tag, fresh(tag))


def bound(tag, asks, rng):
    acquire = publish(asks, taken()).acquire
    parts = [fresh(tag), acquire(), fresh(tag)]
    check(tag, parts[0], parts[2])
    assert publish(asks, taken()).acquire(*[True], **{"timeout": 30})


def from_queues(tag, asks, rng):
    for make in queue.SimpleQueue, queue.Queue:
        q = make()
        asks.put(q)
        check(tag, *[fresh(tag), q.get(), fresh(tag)])
        asks.put(q)
        check(tag, *[fresh(tag), q.get(block=True, timeout=30), fresh(tag)])


def in_natives(tag, asks, rng):
    q = queue.SimpleQueue()
    n = rng.randrange(1, 4)
    for _ in range(n * 4 + 2):
        asks.put(q)
    check(tag, *map(q.__class__.get, [q] * n))
    gets = map(q.__class__.get, itertools.repeat(q, n))
    pick, at = rng.randrange(4), itertools.repeat(tag)
    if pick == 0:
        check(tag, max(itertools.chain(map(fresh, [tag]), gets), key=len))
    elif pick == 1:
        check(tag, *itertools.chain.from_iterable(zip(map(fresh, at), gets)))
    elif pick == 2:
        check(tag, *list(itertools.chain(map(fresh, [tag]), gets)))
    else:
        check(tag, *functools.reduce(operator.iadd, map(lambda x: [x], gets), [fresh(tag)]))
    pairs = list(map(lambda x: [x, q.get()], [fresh(tag) for _ in range(n)]))
    check(tag, *[x for pair in pairs for x in pair])
    check(tag, *sorted([fresh(tag) for _ in range(n)], key=lambda x: q.get()[0]))
    check(tag, functools.partial(q.get)())
    check(tag, *functools.reduce(lambda a, b: a + [b, q.get()], [[fresh(tag)], fresh(tag)]))


def in_arguments(tag, asks, rng):
    q = queue.SimpleQueue()
    asks.put(q)
    assert publish(asks, taken()).acquire(True, Late(q.get))
    lock = taken()
    asks.put(lock)
    again = taken()
    asks.put(again)
    assert again.acquire(True, Late(lock.acquire))


def in_conversions(tag, asks, rng):
    # The call of `acquire` converts its timeout, by natives that hold objects and wait for the same lock.
    lock = taken()
    asks.put(lock)

    def pick(parts, got):
        check(tag, parts)
        asks.put(lock)
        return 5

    class Timeout:
        waits = itertools.starmap(lock.acquire, itertools.repeat(()))
        __index__ = map(pick, map(fresh, itertools.repeat(tag)), waits).__next__

    assert lock.acquire(True, Timeout())


def delegating(tag, wait):
    kept = [fresh(tag)]
    for part in [(yield from wait)]:
        kept.append(part)
    check(tag, kept[0])


def by_other_instructions(tag, asks, rng):
    q = queue.SimpleQueue()
    last = rng.randrange(1, 3)
    for _ in range(last + 1):
        asks.put(q)
    gets = itertools.islice(iter(q.get, None), last)
    check(tag, *delegating(tag, gets))
    for got in map(q.__class__.get, [q]):
        check(tag, fresh(tag), got)


def in_generators(tag, asks, rng):
    q = queue.SimpleQueue()
    for _ in range(2):
        asks.put(q)
    for parts in suspended(tag, q.get):
        check(tag, *parts)
    frame = suspended(tag, q.get)
    check(tag, *next(frame))
    frame.close()


def events(tag, asks, rng):
    event = threading.Event()
    asks.put(event)
    parts = [fresh(tag), event.wait(), fresh(tag)]
    check(tag, parts[0], parts[2])
    rlock, inside = threading.RLock(), threading.Event()
    free = taken()

    def hold():
        with rlock:
            inside.set()
            free.acquire()

    other = threading.Thread(target=hold)
    other.start()
    inside.wait()
    asks.put(free)
    parts = [fresh(tag), rlock.acquire(), fresh(tag), rlock.release(), other.join(), fresh(tag)]
    check(tag, parts[0], parts[2], parts[5])


WAITS = [plain, object_in_the_call, bound, from_queues, in_natives, in_arguments, in_conversions, by_other_instructions, in_generators, events]


def ROUND(round):
    asks = [queue.SimpleQueue() for _ in range(round.threads // 2 + 1)]
    tags = [0] * len(asks)

    def waiter(index, rng):
        if index == round.threads - 1:
            return 0
        mine, done = index // 2, 0
        try:
            while round.go_on():
                tags[mine] = tag = rng.randrange(10, 1000)
                rng.choice(WAITS)(tag, asks[mine], rng)
                done += 1
        finally:
            asks[mine].put(None)
        return done

    def waker(index, rng):
        done = 0
        while (target := asks[index // 2].get()) is not None:
            wake(target, fresh(tags[index // 2]), rng)
            done += 1
        return done

    round.run(waiter, waker)
