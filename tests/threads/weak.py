"""Weak references, finalizers and collections asked for by many threads."""

import gc
import threading
import weakref


class Node:
    def __init__(self, owner, number):
        self.key = (owner, number)
        self.ring = self


class Watched(Node):
    log = []

    def __del__(self):
        Watched.log.append(self.key)


def ROUND(round):
    values, keys, members = weakref.WeakValueDictionary(), weakref.WeakKeyDictionary(), weakref.WeakSet()
    log = Watched.log = []
    calls = []
    shared = [Node(0, i) for i in range(20)]

    def work(index, rng):
        made, count, refs = 0, 0, []
        while round.go_on():
            for _ in range(20):
                count += 1
                node = Node(index, count)
                values[node.key] = node
                keys[node] = node.key
                members.add(node)
                refs.append((weakref.ref(node), node.key))
                proxy = weakref.proxy(node)
                assert proxy.key == node.key
                if rng.random() < 0.2:
                    shared[rng.randrange(20)] = node
                Watched(index, made)
                made += 1
                weakref.finalize(Node(index, 0), calls.append, 1)
                other = rng.choice(shared)
                ref = weakref.ref(other)
                assert ref() is other and ref is weakref.ref(other)
                assert weakref.getweakrefcount(other) >= 1
                found = values.get(other.key)
                assert found is None or found.key == other.key
            for ref, key in refs:
                node = ref()
                assert node is None or node.key == key
            del refs[:]
            op = rng.randrange(12)
            if op == 0:
                gc.collect()
            elif op == 1:
                for key, node in list(values.items()):
                    assert node.key == key
            elif op == 2:
                for node in list(members):
                    assert type(node) is Node
                len(values), len(keys), len(members)
            elif op == 3:
                [gc.get_count(), gc.get_stats()]
            elif op == 4:
                thread = threading.Thread(target=lambda: [Node(index, n) for n in range(100)])
                thread.start()
                thread.join()
        return made

    made = round.run(work)
    del shared
    for _ in range(3):
        gc.collect()
    expected = {(i, n) for i, count in enumerate(made) for n in range(count)}
    assert len(log) == len(set(log)), "finalized twice"
    assert set(log) <= expected
    # Words left on a native stack may keep a few alive.
    assert len(expected) - len(log) < 100 + len(expected) // 10, (len(expected), len(log))
