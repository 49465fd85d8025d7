import gc, weakref
class C: pass
c = C()
r = weakref.ref(c, lambda r: print("callback"))
print(r() is c, weakref.getweakrefcount(c))
del c
gc.collect()
print(r())
try:
    weakref.ref(1)
except TypeError as e:
    print(e)
# expect: True 1
# expect: callback
# expect: None
# expect: cannot create weak reference to 'int' object
