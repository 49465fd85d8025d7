import gc, weakref
class C: pass
c = C()
r = weakref.ref(c, lambda r: print("callback"))
print(r() is c, weakref.getweakrefcount(c))  # expect: True 1
del c  # expect: callback
gc.collect()
print(r())  # expect: None
try:
    weakref.ref(1)
except TypeError as e:
    print(e)  # expect: cannot create weak reference to 'int' object
