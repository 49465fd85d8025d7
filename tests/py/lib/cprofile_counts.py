"""cProfile counts calls of Python and native functions, by caller, in each thread for itself."""

import cProfile
import threading


def recurse(n):
    return recurse(n - 1) + 1 if n else 0


def work():
    items = []
    for i in range(3):
        items.append(len("abc"))
    try:
        items.index(7)
    except ValueError:
        pass
    return recurse(4)


def numbers():
    yield 1
    yield 2


profile = cProfile.Profile()
profile.enable()
work()
sum(numbers())
profile.disable()


def name(code):
    return code if isinstance(code, str) else code.co_name


for entry in sorted(profile.getstats(), key=lambda e: name(e.code)):
    callees = sorted((name(s.code), s.callcount, s.reccallcount) for s in entry.calls or ())
    assert entry.totaltime >= entry.inlinetime >= 0
    print(name(entry.code), entry.callcount, entry.reccallcount, callees)
# expect: <built-in method builtins.len> 3 0 []
# expect: <built-in method builtins.sum> 1 0 [('numbers', 3, 0)]
# expect: <method 'append' of 'list' objects> 3 0 []
# expect: <method 'disable' of '_lsprof.Profiler' objects> 1 0 []
# expect: <method 'index' of 'list' objects> 1 0 []
# expect: numbers 3 0 []
# expect: recurse 5 4 [('recurse', 4, 3)]
# expect: work 1 0 [('<built-in method builtins.len>', 3, 0), ("<method 'append' of 'list' objects>", 3, 0), ("<method 'index' of 'list' objects>", 1, 0), ('recurse', 1, 0)]

ticks = iter(range(1000))
profile = cProfile.Profile(lambda: next(ticks), 0.5)
profile.runcall(recurse, 2)
print([(name(e.code), e.totaltime, e.inlinetime) for e in profile.getstats() if name(e.code) == "recurse"])
# expect: [('recurse', 2.5, 2.5)]

other = cProfile.Profile()
with profile:
    try:
        other.enable()
    except ValueError as e:
        print(e)  # expect: tool 2 is already in use

profile = cProfile.Profile()
start = threading.Barrier(3)


def body():
    start.wait()
    for _ in range(200):
        work()


threads = [threading.Thread(target=body) for _ in range(2)]
profile.enable()
for t in threads:
    t.start()
start.wait()
for t in threads:
    t.join()
profile.disable()
print([(e.callcount, e.reccallcount) for e in profile.getstats() if e.code is recurse.__code__])
# expect: [(2000, 1600)]
