calls = []
def f(x):
    calls.append(x)
    return x
print(f(1) < f(2) < f(3))  # expect: True
print(f(1) > f(2) > f(3))  # expect: False
print(calls)  # expect: [1, 2, 3, 1, 2]
print(1 < 2 > 0 != 5 == 5)  # expect: True
