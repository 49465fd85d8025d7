match = 1
case = 2
type = 3
_ = 4
print(match, case, type, _)  # expect: 1 2 3 4
match = {"a": 1}
print(match["a"])  # expect: 1
def type(case): return case
print(type(5))  # expect: 5
