class Seq:
    def __getitem__(self, i):
        if i > 2: raise IndexError
        return i * i
print(list(Seq()), 4 in Seq(), list(reversed([1, 2])))  # expect: [0, 1, 4] True [2, 1]
class Bad:
    def __iter__(self): return 1
class NotIt:
    __iter__ = None
for o in (Bad(), NotIt()):
    try:
        iter(o)
    except TypeError as e:
        print(e)
        # expect: iter() returned non-iterator of type 'int'
        # expect: 'NotIt' object is not iterable
try:
    next(1)
except TypeError as e:
    print(e)  # expect: 'int' object is not an iterator
