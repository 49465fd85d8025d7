class CM:
    def __init__(self, name, swallow=False):
        self.name, self.swallow = name, swallow
    def __enter__(self):
        print("enter", self.name)
        return self.name
    def __exit__(self, t, v, tb):
        print("exit", self.name, t and t.__name__, v, tb is not None)
        return self.swallow
with CM("a") as a, CM("b") as b:
    print(a, b)
with CM("c", True):
    1 / 0
with (
    CM("d") as d,
    CM("e", True),
):
    raise KeyError(d)
# expect: enter a
# expect: enter b
# expect: a b
# expect: exit b None None False
# expect: exit a None None False
# expect: enter c
# expect: exit c ZeroDivisionError division by zero True
# expect: enter d
# expect: enter e
# expect: exit e KeyError 'd' True
# expect: exit d None None False
