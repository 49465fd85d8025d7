def f(): super()
class C:
    def g(): super()
    def h(self):
        del self
        super()
for fn in (f, C.g, C().h, lambda: super(int, "a"), lambda: super(1)):
    try:
        fn()
    except (TypeError, RuntimeError) as e:
        print(type(e).__name__, e)
        # expect: RuntimeError super(): no arguments
        # expect: RuntimeError super(): no arguments
        # expect: RuntimeError super(): arg[0] deleted
        # expect: TypeError super(type, obj): obj (instance of str) is not an instance or subtype of type (int).
        # expect: TypeError super() argument 1 must be a type, not int
