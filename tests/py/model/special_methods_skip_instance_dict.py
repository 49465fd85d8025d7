class C: pass
c = C()
c.__len__ = lambda: 5
try:
    len(c)
except TypeError as e:
    print(e)  # expect: object of type 'C' has no len()
