from enum import Enum, IntEnum, Flag, auto, unique, StrEnum
class Color(Enum):
    RED = 1
    GREEN = auto()
    ALIAS = 1
    def shout(self): return self.name + "!"
print(Color.RED, repr(Color.GREEN), Color(2), Color["RED"], list(Color), Color.ALIAS is Color.RED, Color.RED.shout(), Color.RED == 1)  # expect: Color.RED <Color.GREEN: 2> Color.GREEN Color.RED [<Color.RED: 1>, <Color.GREEN: 2>] True RED! False
class N(IntEnum): ONE = 1
class F(Flag): A = auto(); B = auto(); C = A | B
class S(StrEnum): X = auto()
print(N.ONE + 1, N.ONE == 1, F.A | F.B, F.C in F.C, ~F.A, list(F.C), F(0), S.X, f"{S.X} {N.ONE}")  # expect: 2 True F.C True F.B [<F.A: 1>, <F.B: 2>] F(0) x x 1
for f in (lambda: Color(9), lambda: Color["NO"], lambda: setattr(Color, "RED", 5), lambda: Color()):
    try:
        f()
    except (ValueError, KeyError, AttributeError, TypeError) as e:
        print(type(e).__name__, e)
        # expect: ValueError 9 is not a valid Color
        # expect: KeyError 'NO'
        # expect: AttributeError cannot reassign member 'RED'
        # expect: TypeError EnumType.__call__() missing 1 required positional argument: 'value'
