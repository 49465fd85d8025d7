# An attribute that each class of an object has does not vanish while other threads give the object another class.
import threading


def of(name, *slots):
    return type(name, (), {"__slots__": slots} if slots else {})


a, b = of("A"), of("B")
c, d = of("C", "s"), of("D", "s")
plain, slotted = a(), c()
slotted.s = 1
errors, ended = [], threading.Event()


def change():
    for _ in range(4000):
        plain.__class__, slotted.__class__ = b, d
        plain.__class__, slotted.__class__ = a, c
    ended.set()


def use():
    try:
        while not ended.is_set():
            for _ in range(50):
                assert plain.__dict__ == {} and plain.__weakref__ is None
                slotted.s = slotted.s + 0
                assert getattr(slotted, "s") == 1
    except TypeError as e:
        errors.append(e)


threads = [threading.Thread(target=f) for f in (change, change, use, use)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(errors)  # expect: []

# A descriptor of another class applies to none of its objects, wherever it lies.
for access in (lambda: c.s.__get__(d(), d), lambda: c.s.__set__(d(), 1), lambda: type("E", (), {"s": c.s})().s):
    try:
        access()
    except TypeError as e:
        print(e)
# expect: descriptor 's' for 'C' objects doesn't apply to a 'D' object
# expect: descriptor 's' for 'C' objects doesn't apply to a 'D' object
# expect: descriptor 's' for 'C' objects doesn't apply to a 'E' object
