def inner():
    try:
        r = yield 1
        print("inner got", r)
        yield 2
    except KeyError as e:
        print("inner caught", e)
        yield 99
    return "result"
def outer():
    r = yield from inner()
    print("outer got", r)
    yield from [10, 20]
i = outer()
print(next(i), i.send("s"), i.throw(KeyError("k")), list(i))
# expect: inner got s
# expect: inner caught 'k'
# expect: outer got result
# expect: 1 2 99 [10, 20]
