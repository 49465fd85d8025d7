# int.__new__ and subclasses word too many arguments otherwise than a call of int does.


def fails(f, *args, **kw):
    try:
        f(*args, **kw)
    except TypeError as e:
        print(e)


class I(int):
    pass


fails(int, 1, 2, 3)  # expect: int expected at most 2 arguments, got 3
fails(int.__new__, int, 1, 2, 3)  # expect: int() takes at most 2 arguments (3 given)
fails(int.__new__, I, 1, 2, 3)  # expect: int() takes at most 2 arguments (3 given)
fails(int.__new__, int, a=1, b=2, c=3)  # expect: int() takes at most 2 keyword arguments (3 given)
fails(I, 1, 2, 3)  # expect: int() takes at most 2 arguments (3 given)
fails(str, 1, 2, 3, 4)  # expect: str expected at most 3 arguments, got 4
fails(str.__new__, str, 1, 2, 3, 4)  # expect: str() takes at most 3 arguments (4 given)
print(int.__new__(I, "12", 8), int.__new__(int))  # expect: 10 0
