if (n := 10) > 5:
    print(n)  # expect: 10
print([y := 1, y ** 2], y)  # expect: [1, 1] 1
print([last := i for i in range(4)], last)  # expect: [0, 1, 2, 3] 3
def f():
    any((hit := x) > 2 for x in [1, 2, 3, 4])
    return hit
print(f())  # expect: 3
