"""Names: globals, builtins and closures' cells that change while other threads read them; code that is compiled meanwhile."""

import builtins
import sys
import types

namespace = {"__builtins__": builtins, "flag": "old"}
exec(
    """
def read():
    return flag

def read_builtin():
    return answer

def shadowed():
    return len

def call(x):
    return helper(x)

def helper(x):
    return ("one", x)
""",
    namespace,
)


def cells():
    count = 0

    def bump():
        nonlocal count
        count += 1
        return count

    def read():
        return count

    return bump, read


def ROUND(round):
    builtins.answer = "builtin"
    bump, read = cells()
    module = types.ModuleType("stress_module")
    own = {}

    def work(index, rng):
        name, count = f"own{index}", 0
        code = f"global {name}\n{name} = {name} + 1 if '{name}' in globals() else 1"
        shadow = namespace["read_builtin"]
        while round.go_on():
            for _ in range(20):
                op = rng.randrange(16)
                if op == 0:
                    namespace["flag"] = rng.choice(("old", "new"))
                elif op == 1:
                    namespace["len"] = rng.choice((max, min))
                elif op == 2:
                    namespace.pop("len", None)
                elif op == 3:
                    namespace[f"extra{rng.randrange(50)}"] = 1
                elif op == 4:
                    namespace.pop(f"extra{rng.randrange(50)}", None)
                elif op == 5:
                    namespace["answer"] = "global"
                    assert shadow() in ("global", "builtin")
                elif op == 6:
                    namespace.pop("answer", None)
                    assert shadow() in ("global", "builtin")
                elif op == 7:
                    namespace["helper"] = lambda x: ("two", x)
                elif op == 8:
                    exec(code, own)
                    count += 1
                elif op == 9:
                    assert eval("a + b", {"a": index, "b": 1}) == index + 1
                elif op == 10:
                    module.attr = ("attr", index)
                    setattr(module, f"m{rng.randrange(5)}", index)
                    assert module.attr[0] == "attr"
                elif op == 11:
                    bump()
                    assert type(read()) is int
                else:
                    assert namespace["read"]() in ("old", "new")
                    assert namespace["shadowed"]() in (len, max, min)
                    assert namespace["call"](index)[1] == index
            # A name that only this thread writes is seen at once, whoever changes the keys of the namespace.
            own_name = f"mine{index}"
            for number in range(5):
                namespace[own_name] = number
                exec(f"assert {own_name} == {number}, {own_name}", namespace)
        return count

    counts = round.run(work)
    for index, count in enumerate(counts):
        assert own.get(f"own{index}", 0) == count
    # When nobody writes any more, every cache tells the truth.
    namespace.pop("answer", None)
    assert namespace["read_builtin"]() == "builtin"
    namespace["answer"] = "global"
    assert namespace["read_builtin"]() == "global"
    del namespace["answer"], builtins.answer
    try:
        namespace["read_builtin"]()
        raise AssertionError("a deleted builtin was found")
    except NameError:
        pass
