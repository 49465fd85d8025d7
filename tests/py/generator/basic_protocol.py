def g():
    x = yield 1
    print("got", x)
    y = yield 2
    print("got", y)
    return "done"
i = g()
print(next(i), i.send("a"))
# expect: got a
# expect: 1 2
try:
    i.send("b")  # expect: got b
except StopIteration as e:
    print(e.value)  # expect: done
print(list(i), i.gi_frame)  # expect: [] None
