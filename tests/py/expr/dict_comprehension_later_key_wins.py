print({k % 2: k for k in range(5)})  # expect: {0: 4, 1: 3}
print({k: v for k, v in zip("ab", range(2))})  # expect: {'a': 0, 'b': 1}
