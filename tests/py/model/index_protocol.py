class I:
    def __init__(self, v): self.v = v
    def __index__(self): return self.v
print([10, 20, 30][I(1)], "abc"[I(-1)], hex(I(255)), range(I(3)), [1] * I(2))  # expect: 20 c 0xff range(0, 3) [1, 1]
l, s = [1], "a"
for f in (lambda: [1][I("x")], lambda: l[1.0], lambda: s["b"], lambda: [1][I(5)]):
    try:
        f()
    except (TypeError, IndexError) as e:
        print(e)
        # expect: __index__ returned non-int (type str)
        # expect: list indices must be integers or slices, not float
        # expect: string indices must be integers, not 'str'
        # expect: list index out of range
