def a():
    v = 1
    def b():
        def c():
            nonlocal v
            v += 1
            return lambda: v
        return c
    return b()()
print(a()())  # expect: 2
