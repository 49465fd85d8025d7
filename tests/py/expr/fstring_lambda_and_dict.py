print(f"{(lambda x: x * 2)(3)} { {'a': 1}['a'] } {[i for i in range(3)]}")  # expect: 6 1 [0, 1, 2]
print(f"{3 if True else 4:>{2 + 1}}|")  # expect:   3|
