import sys
a = sys.intern("hello world"); b = sys.intern("".join(["hello ", "world"]))
print(a is b, sys.getsizeof([]) > 0)  # expect: True True
try:
    sys.intern(1)
except TypeError as e:
    print(e)  # expect: intern() argument must be str, not int
