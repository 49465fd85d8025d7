x = "outer"
print([x for x in range(3)], x)  # expect: [0, 1, 2] outer
print([[i * j for j in range(3)] for i in range(2)])  # expect: [[0, 0, 0], [0, 1, 2]]
print([(a, b) for a in range(3) if a for b in "xy" if b != "y" or a > 1])  # expect: [(1, 'x'), (2, 'x'), (2, 'y')]
