class C:
    def __repr__(self): return 1
    def __format__(self, s): return 2
for f in (lambda: repr(C()), lambda: str(C()), lambda: format(C()), lambda: f"{C()}", lambda: format(object(), "x")):
    try:
        f()
    except TypeError as e:
        print(e)
        # expect: __repr__ returned non-string (type int)
        # expect: __str__ returned non-string (type int)
        # expect: __format__ must return a str, not int
        # expect: __format__ must return a str, not int
        # expect: unsupported format string passed to object.__format__
