try:
    {}["k"]
except ValueError, KeyError:
    print("caught")  # expect: caught
try:
    1 / 0
except ArithmeticError:
    print("base class")  # expect: base class
