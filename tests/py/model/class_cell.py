class C:
    def me(self): return __class__
    @classmethod
    def cm(cls): return __class__, cls
class D(C): pass
print(D().me().__name__, [k.__name__ for k in D.cm()])  # expect: C ['C', 'D']
