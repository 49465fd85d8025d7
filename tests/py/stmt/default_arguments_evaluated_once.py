def f(x, acc=[]):
    acc.append(x)
    return acc
f(1)
print(f(2), f.__defaults__)  # expect: [1, 2] ([1, 2],)
def g(*, k={}): return k
print(g.__kwdefaults__)  # expect: {'k': {}}
