print(0 or [] or "x" or 1)  # expect: x
print(1 and "" and 2)  # expect:
print(None or 0)  # expect: 0
print([] and 1 / 0)  # expect: []
