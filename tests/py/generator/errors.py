def g(): yield
i = g()
for f in (lambda: i.send(1), lambda: i.throw(1), lambda: i.throw(ValueError("v")), lambda: next(i)):
    try:
        f()
    except (TypeError, ValueError, StopIteration) as e:
        print(type(e).__name__, e)
        # expect: TypeError can't send non-None value to a just-started generator
        # expect: TypeError exceptions must be classes or instances deriving from BaseException, not int
        # expect: ValueError v
        # expect: StopIteration
def selfish():
    yield next(me)
me = selfish()
try:
    next(me)
except ValueError as e:
    print(e)  # expect: generator already executing
