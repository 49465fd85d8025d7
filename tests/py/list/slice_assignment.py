l = list(range(6))
l[1:3] = "abc"; print(l)  # expect: [0, 'a', 'b', 'c', 3, 4, 5]
l[::2] = [0] * len(l[::2]); print(l)  # expect: [0, 'a', 0, 'c', 0, 4, 0]
l[2:2] = [7, 7]; print(l)  # expect: [0, 'a', 7, 7, 0, 'c', 0, 4, 0]
del l[::3]; print(l)  # expect: ['a', 7, 0, 'c', 4, 0]
l[:] = l[::-1]; print(l)  # expect: [0, 4, 'c', 0, 7, 'a']
l[5:1] = "x"; print(l)  # expect: [0, 4, 'c', 0, 7, 'x', 'a']
for f in (lambda: l.__setitem__(slice(0, 6, 2), [1]), lambda: l.__setitem__(slice(0, 1), 5), lambda: l.__setitem__(slice(0, 3, 0), [])):
    try:
        f()
    except (ValueError, TypeError) as e:
        print(type(e).__name__, e)
        # expect: ValueError attempt to assign sequence of size 1 to extended slice of size 3
        # expect: TypeError must assign iterable to extended slice
        # expect: ValueError slice step cannot be zero
