class Meta(type):
    def __instancecheck__(cls, o): return o == 1
    def __subclasscheck__(cls, k): return k is int
class C(metaclass=Meta): pass
print(isinstance(1, C), isinstance(2, C), issubclass(int, C), issubclass(str, C))  # expect: True False True False
