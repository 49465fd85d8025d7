from dataclasses import dataclass, field, replace, asdict, astuple, fields, FrozenInstanceError
@dataclass(order=True)
class P:
    x: int
    y: int = 2
    tags: list = field(default_factory=list, compare=False, repr=False)
print(P(1), P(1) == P(1), P(1) < P(2), replace(P(1), y=9), asdict(P(1)), astuple(P(3)), [f.name for f in fields(P)])  # expect: P(x=1, y=2) True True P(x=1, y=9) {'x': 1, 'y': 2, 'tags': []} (3, 2, []) ['x', 'y', 'tags']
@dataclass(frozen=True, slots=True, kw_only=True)
class F:
    a: int
print(hash(F(a=1)) == hash(F(a=1)), F.__slots__)  # expect: True ('a',)
try:
    F(a=1).a = 2
except FrozenInstanceError as e:
    print(e)  # expect: cannot assign to field 'a'
for f in (lambda: F(1), lambda: P()):
    try:
        f()
    except TypeError as e:
        print(e)
        # expect: F.__init__() takes 1 positional argument but 2 were given
        # expect: P.__init__() missing 1 required positional argument: 'x'
try:
    @dataclass
    class Bad: x: list = []
except ValueError as e:
    print(e)  # expect: mutable default <class 'list'> for field x is not allowed: use default_factory
