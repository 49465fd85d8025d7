l = [3, 1, 2]
def key(x):
    l.append(9)
    return x
try:
    l.sort(key=key)
except ValueError as e:
    print(e)  # expect: list modified during sort
print(l)  # expect: [1, 2, 3]
