class P:
    __slots__ = ("x", "__private")
    def __init__(self): self.__private = 1
p = P()
p.x = 1
print(p.x, hasattr(p, "__dict__"), P.x, sorted(P.__slots__))  # expect: 1 False <member 'x' of 'P' objects> ['__private', 'x']
class Q(P):
    pass
q = Q()
q.y = 2
print(q.__dict__)  # expect: {'y': 2}
for ns in ({"__slots__": "x", "x": 1}, {"__slots__": ["1a"]}, {"__slots__": [1]}):
    try:
        type("R", (), ns)
    except (TypeError, ValueError) as e:
        print(type(e).__name__, e)
        # expect: ValueError 'x' in __slots__ conflicts with class variable
        # expect: TypeError __slots__ must be identifiers
        # expect: TypeError __slots__ items must be strings, not 'int'
class S(int): pass
try:
    class T(int): __slots__ = ("a",)
except TypeError as e:
    print(e)  # expect: nonempty __slots__ not supported for subtype of 'int'
