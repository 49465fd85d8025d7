l = [1, 2, 3]
def store(i): l[i] = 0
def delete(i): del l[i]
for f in (lambda: l[3], lambda: l[-4], lambda: l["a"], lambda: l[1.0], lambda: store(3), lambda: store("a"), lambda: delete(3), lambda: delete(None), lambda: l[1 << 70], lambda: l[1:"a"]):
    try:
        f()
    except (IndexError, TypeError) as e:
        print(type(e).__name__, e)
        # expect: IndexError list index out of range
        # expect: IndexError list index out of range
        # expect: TypeError list indices must be integers or slices, not str
        # expect: TypeError list indices must be integers or slices, not float
        # expect: IndexError list assignment index out of range
        # expect: TypeError list indices must be integers or slices, not str
        # expect: IndexError list assignment index out of range
        # expect: TypeError list indices must be integers or slices, not NoneType
        # expect: IndexError cannot fit 'int' into an index-sized integer
        # expect: TypeError slice indices must be integers or None or have an __index__ method
