class O: pass
o, l = O(), [0]
for o.attr in range(2): pass
for l[0] in "ab": pass
for (a, b), *c in [((1, 2), 3, 4)]: print(a, b, c)  # expect: 1 2 [3, 4]
print(o.attr, l)  # expect: 1 ['b']
for x in *[1, 2], 3: print(x, end=" ")
print()  # expect: 1 2 3
