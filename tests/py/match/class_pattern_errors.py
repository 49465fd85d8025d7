class A: __match_args__ = ("x",)
class B: __match_args__ = 5
class C: __match_args__ = (1,)
for cls in (A, B, C, object):
    try:
        match cls():
            case cls(1, 2): pass
    except (TypeError, AttributeError) as e:
        print(e)
        # expect: A() accepts 1 positional sub-pattern (2 given)
        # expect: B.__match_args__ must be a tuple (got int)
        # expect: C() accepts 1 positional sub-pattern (2 given)
        # expect: object() accepts 0 positional sub-patterns (2 given)
try:
    match A():
        case print(): pass
except TypeError as e:
    print(e)  # expect: called match pattern must be a class
