# A loop of native code over an endless iterator lets signal handlers in.
import collections
import itertools
import operator
import signal


class Alarm(BaseException):
    pass


def alarm(*_):
    raise Alarm


signal.signal(signal.SIGALRM, alarm)
tests = {
    "in": lambda: 1 in itertools.count(5),
    "in cycle": lambda: 5 in itertools.cycle([1]),
    "dict": lambda: dict(itertools.repeat((1, 2))),
    "set": lambda: set(itertools.repeat(1)),
    "islice": lambda: next(itertools.islice(itertools.count(), 2**62, None)),
    "deque": lambda: collections.deque(itertools.count(), maxlen=5),
    "countOf": lambda: operator.countOf(itertools.repeat(5), 1),
    "filter": lambda: next(filter(None, itertools.repeat(0))),
}
for name, run in tests.items():
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    try:
        run()
    except Alarm:
        print(name)
# expect: in
# expect: in cycle
# expect: dict
# expect: set
# expect: islice
# expect: deque
# expect: countOf
# expect: filter
