import gc
class C:
    def __del__(self): print("del")  # expect: del
c = C()
del c
gc.collect()
print("after")  # expect: after
