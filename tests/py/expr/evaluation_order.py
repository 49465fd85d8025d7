def t(n):
    print(n, end=" ")
    return n
t(1) + t(2) * t(3)
print()  # expect: 1 2 3
{t(1): t(2), t(3): t(4)}
print()  # expect: 1 2 3 4
[0] * 9
(lambda *a, **k: None)(t(1), *[t(2)], a=t(3), **{"b": t(4)})
print()  # expect: 1 2 3 4
d = {}
d[t(2)] = t(1)
print()  # expect: 1 2
