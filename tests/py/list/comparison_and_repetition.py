print([1, 2] < [1, 3], [1] < [1, 0], [] < [0], [1, 2] == [1, 2], [1] != (1,), [1, 2] * 2, 0 * [1], [1] + [2])  # expect: True True True True True [1, 2, 1, 2] [] [1, 2]
l = [[]] * 2
l[0].append(1)
print(l)  # expect: [[1], [1]]
try:
    [1] < (1,)
except TypeError as e:
    print(e)  # expect: '<' not supported between instances of 'list' and 'tuple'
