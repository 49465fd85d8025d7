def g():
    while True:
        try:
            yield "ok"
        except ValueError as e:
            yield f"caught {e}"
i = g()
print(next(i), i.throw(ValueError("v")), next(i))  # expect: ok caught v ok
try:
    i.throw(TypeError("t"))
except TypeError as e:
    print(e)  # expect: t
print(next(i, "finished"))  # expect: finished
