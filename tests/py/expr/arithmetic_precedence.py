print(2 + 3 * 4 ** 2 // 5 % 7)  # expect: 4
print(-2 ** 2, (-2) ** 2, 2 ** -1, 2 ** 3 ** 2)  # expect: -4 4 0.5 512
print(not 1 == 2, not True or True)  # expect: True True
print(1 | 2 ^ 3 & 4 << 1, ~5 + 1)  # expect: 3 -5
