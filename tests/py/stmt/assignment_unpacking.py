a, b = 1, 2
a, b = b, a
print(a, b)  # expect: 2 1
(c, [d, e]), f = (1, (2, 3)), 4
print(c, d, e, f)  # expect: 1 2 3 4
first, *rest = "abc"
*init, last = range(4)
x, *mid, y = (1, 2)
print(first, rest, init, last, x, mid, y)  # expect: a ['b', 'c'] [0, 1, 2] 3 1 [] 2
a = b = c = []
print(a is b is c)  # expect: True
