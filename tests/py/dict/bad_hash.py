class A:
    def __hash__(self): return "x"
class B:
    def __hash__(self): return -1
class C:
    def __hash__(self): return 2 ** 61
try:
    hash(A())
except TypeError as e:
    print(e)  # expect: __hash__ method should return an integer
print(hash(B()), hash(C()), hash(-1), hash(2 ** 61 - 1), hash(2 ** 61), hash(1e300), hash(float("inf")))  # expect: -2 2305843009213693952 -2 0 1 1224995262755759164 314159
