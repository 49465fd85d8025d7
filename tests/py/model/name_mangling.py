class C:
    __x = 1
    def get(self): return self.__x
    def __m(self): return "m"
    def call(self): return self.__m()
class _D:
    __y = 2
print(C().get(), C._C__x, C().call(), _D._D__y, hasattr(C, "__x"))  # expect: 1 1 m 2 False
