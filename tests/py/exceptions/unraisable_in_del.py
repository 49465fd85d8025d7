import gc, sys
sys.unraisablehook = lambda u: print("hook", type(u.exc_value).__name__, u.exc_value, u.err_msg.split(" <")[0])
class C:
    def __del__(self): raise ValueError("in del")
c = C()
del c  # expect: hook ValueError in del Exception ignored while calling deallocator
gc.collect()
