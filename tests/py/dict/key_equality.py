d = {1: "int", 1.0: "float", True: "bool"}
print(d)  # expect: {1: 'bool'}
class K:
    def __init__(self, v): self.v = v
    def __hash__(self): return 1
    def __eq__(self, o): return self.v == o.v
d = {K(i): i for i in range(5)}
print(len(d), d[K(3)], K(7) in d)  # expect: 5 3 False
nan = float("nan")
print({nan: 1}.get(nan), float("nan") in {float("nan"): 1})  # expect: 1 False
class Bad:
    def __hash__(self): return 1
    def __eq__(self, o): raise ValueError("eq")
d = {Bad(): 1}
try:
    d[Bad()]
except ValueError as e:
    print(e)  # expect: eq
