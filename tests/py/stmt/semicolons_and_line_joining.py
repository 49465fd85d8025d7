a = 1; b = 2; print(a + b)  # expect: 3
c = a + \
    b
d = (a +
     b)
print(c, d); print("x")
# expect: 3 3
# expect: x
