"""gc.collect() frees what the program cannot reach any more: temporaries, classes, what generators have dropped."""

import functools
import gc
import sys
import types
import weakref


class Thing:
    def __init__(self, *args):
        self.args = args

    def __call__(self, *args):
        return len(args)


def alive(make):
    r = make()
    gc.collect()
    return r() is not None


def temporaries():
    r = weakref.ref(Thing())
    return r


def nested():
    t = Thing(1, 2)
    r = weakref.ref(t)
    print(len([t.args, (t, t)]), t(t, t(t)), "x".join(str(v) for v in t.args))
    del t
    return r


def in_caller():
    # What the caller's statements have left behind lies below this call's window.
    t = Thing()
    r = weakref.ref(t)
    [t, t, t(t, t), (t, (t, t))]
    t = None
    return wait(r)


def wait(r):
    gc.collect()
    print(r())
    return r


print(alive(temporaries), alive(nested), alive(in_caller))
# expect: 2 2 1x2
# expect: None
# expect: False False False


def klass():
    class C:
        def method(self):
            return __class__

    C().method()
    return weakref.ref(C)


print(alive(klass))  # expect: False


class Base:
    pass


for i in range(3):
    type("Sub", (Base,), {"x": i})().x
gc.collect()
print(Base.__subclasses__())  # expect: []


def gen():
    t = Thing()
    r = weakref.ref(t)
    print([t, t(t, t, t)][1], [Thing(t, t).args and 1])
    del t
    yield r
    yield 2


g = gen()
r = next(g)
gc.collect()
print(r())
# expect: 3 [1]
# expect: None


class Loud:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("del", self.name)


def held():
    a, b = Loud("a"), Loud("b")
    a.other, b.other = b, a


held()
gc.collect()
print("collected")
# expect: del a
# expect: del b
# expect: collected


# A bound method of a native function that calls back while it still has arguments to read.
add = types.MethodType(functools.reduce, lambda a, b: a + b)
print(add([1, 2, 3], 10))  # expect: 16
print(types.MethodType(sorted, [3, 1, 2])(key=lambda x: -x, reverse=True))  # expect: [1, 2, 3]
