def __getattr__(name):
    if name == "missing":
        raise AttributeError("no " + name)
    return "lazy " + name


def __dir__():
    return ["b", "a"]
