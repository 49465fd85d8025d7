class C:
    def __call__(self, *a, **k): return a, k
    def __contains__(self, x): return "truthy" if x else ""
print(C()(1, b=2), 1 in C(), 0 in C(), 0 not in C())  # expect: ((1,), {'b': 2}) True False True
