import gc
class C:
    def __del__(self): print("del")
c = C()
del c  # expect: del
gc.collect()
print("after")  # expect: after
