a, b, c = [1, 2, 3]
print(a, b, c)  # expect: 1 2 3
[] = []
for bad in [1, 2], [1, 2, 3, 4], (1,), (1, 2, 3, 4), "ab", {1: 2, 3: 4, 5: 6, 7: 8}, iter([1, 2, 3, 4]):
    try:
        x, y, z = bad
    except ValueError as e:
        print(e)
# expect: not enough values to unpack (expected 3, got 2)
# expect: too many values to unpack (expected 3, got 4)
# expect: not enough values to unpack (expected 3, got 1)
# expect: too many values to unpack (expected 3, got 4)
# expect: not enough values to unpack (expected 3, got 2)
# expect: too many values to unpack (expected 3, got 4)
# expect: too many values to unpack (expected 3)


class Odd(list):
    def __iter__(self):
        return iter("xyz")


x, y, z = Odd([1])
print(x, y, z)  # expect: x y z
l = [1, 2]
l[0], l[1] = l
l[1], l[0] = l
print(l)  # expect: [2, 1]
a, *r = [1, 2, 3]
print(a, r)  # expect: 1 [2, 3]
