"""Classes that change under running threads: a call runs a method that the class had at that time."""


def make(tag, base=object):
    class C(base):
        class_tag = tag

        def __init__(self):
            self.tag = tag
            self.more = (tag, "more")

        def who(self):
            return tag, self

        def same(self):
            return self.tag

        @property
        def prop(self):
            return self.tag

        @classmethod
        def cm(cls):
            return cls

        @staticmethod
        def sm():
            return tag

        def __eq__(self, other):
            return self is other

        def __hash__(self):
            return tag

        def __len__(self):
            return tag

        def __getitem__(self, key):
            return key

    return C


class Left:
    def where(self):
        return "left"


class Right:
    def where(self):
        return "right"


def ROUND(round):
    kinds = [make(i) for i in range(12)]
    fixed = [kind() for kind in kinds]
    changing = make(99)
    versions = changing()
    moving = type("Moving", (Left,), {})
    a, b = type("A", (), {}), type("B", (), {})
    turncoat = a()
    turncoat.x = ("x", 0)
    slots = [type(n, (), {"__slots__": ("s",)}) for n in "CD"]
    slotted = slots[0]()

    def poly(obj, tag):
        # One site, many classes, many threads: the caches of this site are written all the time.
        found, this = obj.who()
        assert found == tag and this is obj, (found, tag)
        assert obj.same() == tag
        assert obj.tag == tag
        assert obj.more == (tag, "more")
        assert obj.class_tag == tag and obj.prop == tag and obj.cm() is type(obj) and obj.sm() == tag
        obj.more = (tag, "more")
        assert len(obj) == tag and obj[tag] == tag and hash(obj) == tag and obj == obj

    def work(index, rng):
        order = list(zip(kinds, fixed, range(12)))
        while round.go_on():
            rng.shuffle(order)
            for kind, obj, tag in order:
                poly(obj, tag)
                poly(kind(), tag)
            for _ in range(10):
                mutate(index, rng)

    def mutate(index, rng):
        op = rng.randrange(16)
        if op == 0:
            changing.value = (index, "value")
            changing.who = lambda self: ("new", self)
        elif op == 1:
            changing.who = lambda self: ("other", self)
        elif op == 2:
            moving.__bases__ = (rng.choice((Left, Right)),)
        elif op == 3:
            changing.__len__ = lambda self: 7
        elif op == 4:
            try:
                del changing.__len__
            except AttributeError:
                pass
        elif op == 5:
            turncoat.__class__ = rng.choice((a, b))
            slotted.__class__ = rng.choice(slots)
        elif op == 6:
            turncoat.x = ("x", index)
            turncoat.y = ("y", index)
        elif op == 7:
            setattr(rng.choice((a, b)), f"attr{rng.randrange(5)}", index)
        elif op == 8:
            sub = type(f"Sub{index}", (changing,), {"own": index})
            assert sub.own == index and sub().who()[0] in (99, "new", "other")
        elif op == 9:
            changing.more = property(lambda self: ("prop", "more"), lambda self, v: None)
        elif op == 10:
            try:
                del changing.more
            except AttributeError:
                pass
        elif op == 11:
            # Each of the classes has a descriptor of its own, which applies to no object of the other.
            turncoat.__dict__ if rng.random() < 0.1 else None
            assert turncoat.__weakref__ is None
            slotted.s = ("s", index)
            assert slotted.s[0] == "s"
        else:
            tag, this = versions.who()
            assert tag in (99, "new", "other") and this is versions
            assert moving().where() in ("left", "right")
            assert turncoat.x[0] == "x" and getattr(turncoat, "y", ("y",))[0] == "y"
            assert type(turncoat) in (a, b)
            try:
                assert len(versions) in (7, 99)
            except (TypeError, AttributeError):
                # The latter if the method went between the look at the slot and the call.
                pass
            # The property that another thread adds and removes swallows what `__init__` sets.
            assert getattr(changing(), "more", (0, "more"))[1] == "more"

    round.run(work)
