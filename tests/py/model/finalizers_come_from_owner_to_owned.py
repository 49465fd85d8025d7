# A chain of objects is finalized from its head on, whichever order they were made in; a hundred thousand at once take no
# longer than they should; instances that a builtin `__new__` made are finalized, too.
# env: PROTOPY_GC_STRESS=0
import gc
import time
import weakref


class Node:
    def __init__(self, name, below=None):
        self.name = name
        self.below = below

    def __del__(self):
        order.append(self.name)


def chain(n):
    node = None
    for i in range(n):
        node = Node(i, node)


def chain_outside_in():
    class Owner(Node):
        def __init__(self, depth):
            super().__init__(depth)
            if depth:
                self.below = Owner(depth - 1)

    Owner(5)


def many(n):
    return [Node(0) for _ in range(n)]


order = []
chain(8)
gc.collect()
print(order)  # expect: [7, 6, 5, 4, 3, 2, 1, 0]
order = []
chain_outside_in()
gc.collect()
print(order)  # expect: [5, 4, 3, 2, 1, 0]
order = []
start = time.process_time()
many(100_000)
gc.collect()
print(len(order), time.process_time() - start < 20)  # expect: 100000 True


class Pair(tuple):
    def __del__(self):
        order.append("pair")


class Number(int):
    def __new__(cls, n):
        return int.__new__(cls, n)

    def __del__(self):
        order.append("number")


order = []
tuple.__new__(Pair, (1, 2))
Number(5000)
gc.collect()
print(sorted(order))  # expect: ['number', 'pair']


# What a finalizer brings back does not count as collected; what cycles keep does.
class Loop:
    def __init__(self):
        self.me = self


class Again(Loop):
    def __del__(self):
        saved.append(self)


def loops(n):
    for _ in range(n):
        Loop()


saved = []
gc.collect()
gc.disable()
loops(50)
print(gc.collect())  # expect: 50
Again()
print(gc.collect(), len(saved))  # expect: 0 1
loops(50)
Again()
print(gc.collect(), len(saved))  # expect: 50 2


# The garbage can be kept for inspection.
def lonely():
    item = ["lonely"]
    item.append(item)
    return id(item)


gc.set_debug(gc.DEBUG_SAVEALL)
where = lonely()
print(gc.collect())  # expect: 1
gc.set_debug(0)
print(len(gc.garbage), id(gc.garbage[0]) == where, gc.garbage[0][0])  # expect: 1 True lonely
gc.garbage.clear()
gc.enable()


# A generator that has ended keeps nothing, whoever looked at its frame.
class Held:
    pass


def use():
    held = Held()
    found.append(weakref.ref(held))

    def generate():
        mine = held
        yield mine

    g = generate()
    next(g)
    g.gi_frame.f_locals
    g.close()
    print(g.gi_frame)  # expect: None
    return g


found = []
g = use()
gc.collect()
print(found[0]())  # expect: None
