class Meta(type):
    @property
    def shout(cls): return cls.__name__.upper()
    def __len__(cls): return 42
    def __getitem__(cls, k): return k
    def __iter__(cls): return iter("xy")
    def __contains__(cls, x): return x == 1
class Abc(metaclass=Meta): pass
print(Abc.shout, len(Abc), Abc[3], list(Abc), 1 in Abc)  # expect: ABC 42 3 ['x', 'y'] True
try:
    Abc().shout
except AttributeError as e:
    print(e)  # expect: 'Abc' object has no attribute 'shout'
