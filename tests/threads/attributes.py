"""Attributes of instances: every value belongs to its name, and what one thread alone writes is not lost."""


class Plain:
    shared_default = ("shared_default", None)


class Slotted:
    __slots__ = ("a", "b", "c")


class Mixed(Slotted):
    pass


class Point:
    def __init__(self, x, y, z):
        self.x = x
        self.y = y
        self.z = z


NAMES = ["a", "b", "c"] + [f"n{i}" for i in range(20)]


def ROUND(round):
    objects = [Plain() for _ in range(4)] + [Slotted(), Mixed()]
    counters = Plain()
    own = [Plain() for _ in range(round.threads)]
    builders = []

    def work(index, rng):
        count, mine = 0, f"own{index}"
        while round.go_on():
            # This name is this thread's: others change the same object's other attributes and its form.
            for _ in range(20):
                count += 1
                setattr(counters, mine, count)
                assert getattr(counters, mine) == count, "a lost attribute"
            counters_form(rng)
            for _ in range(30):
                play(rng.choice(objects), rng)
            point = Point(index, count, (index, count))
            assert (point.x, point.y, point.z) == (index, count, (index, count))
            fresh = Plain()
            builders.append(fresh)
            for target in builders[-3:]:
                # Several threads give one object its first attributes at the same time.
                setattr(target, f"first{index}", index)
                target.common = ("common", index)
                assert getattr(target, f"first{index}") == index
                assert target.common[0] == "common"
            del builders[:-20]
        return count

    def counters_form(rng):
        op = rng.randrange(40)
        if op == 0:
            counters.__dict__
        elif op == 1:
            setattr(counters, f"extra{rng.randrange(300)}", 1)
        elif op == 2:
            try:
                delattr(counters, f"extra{rng.randrange(300)}")
            except AttributeError:
                pass

    def play(obj, rng):
        name, op = rng.choice(NAMES), rng.randrange(14)
        try:
            if op < 6:
                setattr(obj, name, (name, op))
            elif op == 6:
                delattr(obj, name)
            elif op == 7:
                obj.a = ("a", 1)
                assert obj.a[0] == "a"
            elif op == 8:
                obj.b = ("b", 1)
                obj.n1 = ("n1", 1)
                assert obj.b[0] == "b" and obj.n1[0] == "n1"
            elif op == 9 and rng.random() < 0.1:
                for key, value in list(vars(obj).items()):
                    assert value[0] == key, (key, value)
            elif op == 10 and rng.random() < 0.05:
                obj.__dict__ = {"n2": ("n2", 0)}
            elif op == 11:
                assert obj.shared_default[0] == "shared_default"
            else:
                assert getattr(obj, name)[0] == name
        except (AttributeError, TypeError) as error:
            text = str(error)
            assert text in NAMES or "attribute" in text or "vars()" in text or "__dict__" in text, error

    counts = round.run(work)
    for index, count in enumerate(counts):
        assert getattr(counters, f"own{index}", 0) == count, "a lost attribute"
