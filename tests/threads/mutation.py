"""Classes, objects, modules and functions whose structure changes under running threads."""

import copy
import gc
import sys
import types
import weakref


def ROUND(round):
    class Base:
        def name(self):
            return "base"

    class Other:
        def name(self):
            return "other"

        def __len__(self):
            return 3

    class First(Base):
        pass

    class Second(Base):
        def name(self):
            return "second"

    class Slots1:
        __slots__ = ("a", "b", "__weakref__")

    class Slots2:
        __slots__ = ("a", "b", "__weakref__")

    class Parent:
        pass

    class Child(Parent):
        def work(self):
            return super().__init__(), self.name() if hasattr(self, "name") else None

    objects = [First() for _ in range(4)]
    slotted = [Slots1() for _ in range(4)]
    plain = types.SimpleNamespace(n=0)
    module = types.ModuleType("shared")
    namespace = {"__builtins__": __builtins__, "x": 1}

    def function(a, b=2, *, c=3):
        return a, b, c

    def closure():
        cell = 0

        def get():
            return cell

        def put(n):
            nonlocal cell
            cell = n
        return get, put

    get, put = closure()
    weak = weakref.WeakValueDictionary()
    keys = weakref.WeakKeyDictionary()
    members = weakref.WeakSet()
    finalized = []

    class Noisy:
        def __init__(self, n):
            self.n = n

        def __del__(self):
            finalized.append(self.n)

    def work(index, rng):
        held = []
        while round.go_on():
            op = rng.randrange(32)
            o, s = rng.choice(objects), rng.choice(slotted)
            k = rng.randrange(20)
            try:
                if op < 4:
                    for _ in range(10):
                        assert o.name() in ("base", "other", "second", "patched")
                elif op == 4:
                    o.__class__ = First if rng.random() < 0.5 else Second
                elif op == 5:
                    s.__class__ = Slots2 if rng.random() < 0.5 else Slots1
                elif op == 6:
                    s.a = k
                    s.b = [k]
                    getattr(s, "a", None), getattr(s, "b", None)
                elif op == 7:
                    del s.a
                elif op == 8:
                    First.__bases__ = (Base,) if rng.random() < 0.5 else (Other,)
                elif op == 9:
                    Child.__bases__ = (Parent,) if rng.random() < 0.5 else (Other, Parent)
                elif op == 10:
                    Child().work(), isinstance(Child(), Other), Child.__mro__, Parent.__subclasses__(), Other.__subclasses__()
                elif op == 11:
                    Base.name = lambda self: "patched"
                elif op == 12:
                    Other.extra = k
                    Other.__len__ = lambda self: k
                    bool(First()), getattr(o, "extra", None)
                elif op == 13:
                    del Other.extra
                elif op == 14:
                    setattr(o, f"attr{k}", k)
                    assert getattr(o, f"attr{k}", k) == k
                elif op == 15:
                    delattr(o, f"attr{k}")
                elif op == 16:
                    d = o.__dict__
                    d[f"attr{k}"] = k
                    for name, value in d.items():
                        assert name.startswith("attr") and int(name[4:]) == value, (name, value)
                elif op == 17:
                    o.__dict__ = {f"attr{k}": k}
                elif op == 18:
                    vars(o), dir(o), copy.copy(o), o.__reduce_ex__(2), repr(o), sys.getsizeof(o)
                elif op == 19:
                    plain.n += 1
                    setattr(plain, f"x{k}", k)
                    repr(plain), plain == plain
                elif op == 20:
                    setattr(module, f"x{k}", k)
                    assert getattr(module, f"x{k}") == k
                elif op == 21:
                    delattr(module, f"x{k}")
                elif op == 22:
                    function.__defaults__ = (k,)
                    function.__kwdefaults__ = {"c": k}
                    assert function(1)[0] == 1
                elif op == 23:
                    function.__code__ = (lambda a, b=1, *, c=2: (a, b, c)).__code__
                    function.note = k
                    assert function(1, 2, c=3) == (1, 2, 3)
                elif op == 24:
                    put(k)
                    assert 0 <= get() < 20
                    get.__closure__[0].cell_contents = k
                elif op == 25:
                    exec(f"x = {k}\ndef f{k}(): return x", namespace)
                    assert 0 <= namespace[f"f{k}"]() < 20
                elif op == 26:
                    noisy = Noisy(k)
                    weak[k] = noisy
                    keys[noisy] = k
                    members.add(noisy)
                    held.append(noisy)
                    if len(held) > 10:
                        del held[:5]
                elif op == 27:
                    found = weak.get(k)
                    assert found is None or found.n == k
                    for n, value in list(weak.items()):
                        assert value.n == n
                elif op == 28:
                    list(keys.items()), list(members), len(weak), len(keys), len(members)
                elif op == 29:
                    type("Made", (First, Other) if rng.random() < 0.5 else (Second,), {"x": k})().name()
                elif op == 30 and rng.random() < 0.1:
                    gc.collect()
                    del finalized[:]
                else:
                    weakref.finalize(Noisy(k), len, "abc").detach()
                    weakref.proxy(o).name()
            except (AttributeError, KeyError, RuntimeError, TypeError) as error:
                text = str(error)
                assert isinstance(error, (AttributeError, KeyError)) or "changed size" in text or "__bases__" in text or "layout" in text \
                    or "MRO" in text or "attribute" in text or "duplicate" in text or "super" in text or "__class__" in text \
                    or "weak" in text or "super(type, obj)" in text or "__len__" in text or "changed" in text or "apply" in text, repr(error)

    round.run(work)
    for o in objects:
        for name, value in vars(o).items():
            assert int(name[4:]) == value
