class C: pass
c = C()
setattr(c, "x y", 1)
print(getattr(c, "x y"), hasattr(c, "z"), getattr(c, "z", 5))  # expect: 1 False 5
for f in (lambda: getattr(c, 1), lambda: getattr(c, "nope"), lambda: setattr(c, 1, 1), lambda: hasattr(c, 1), lambda: getattr(c)):
    try:
        f()
    except (TypeError, AttributeError) as e:
        print(type(e).__name__, e)
        # expect: TypeError attribute name must be string, not 'int'
        # expect: AttributeError 'C' object has no attribute 'nope'
        # expect: TypeError attribute name must be string, not 'int'
        # expect: TypeError attribute name must be string, not 'int'
        # expect: TypeError getattr expected at least 2 arguments, got 1
