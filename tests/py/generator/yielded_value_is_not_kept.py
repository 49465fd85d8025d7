# A suspended generator does not keep what it has yielded: who holds the last reference decides how long it lives.
import gc
import weakref


class Item:
    pass


def items():
    for _ in range(2):
        yield Item()


def sent():
    while True:
        yield (yield Item())


def kept():
    item = Item()
    yield item
    yield item


def gone(value):
    ref = weakref.ref(value)
    del value
    gc.collect()
    return ref


def first(iterator):
    return weakref.ref(next(iterator))


def check(name, iterator):
    ref = first(iterator)
    gc.collect()
    print(name, ref() is None)


def loop():
    for item in items():
        ref = weakref.ref(item)
        del item
        gc.collect()
        print("for", ref() is None)


loop()  # expect: for True
# expect: for True
check("next", items())  # expect: next True
check("expression", (Item() for _ in range(2)))  # expect: expression True
check("yield of yield", sent())  # expect: yield of yield True
check("variable", kept())  # expect: variable False
