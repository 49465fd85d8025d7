# options: -O
assert False
print(__debug__)  # expect: False
