class C:
    @staticmethod
    def s(x): return x
    @classmethod
    def c(cls, x): return cls.__name__, x
class D(C): pass
print(C.s(1), C().s(2), D.c(3), D().c(4), C.__dict__["s"](5))  # expect: 1 2 ('D', 3) ('D', 4) 5
print(type(C.__dict__["s"]).__name__, C.__dict__["c"].__wrapped__.__name__)  # expect: staticmethod c
