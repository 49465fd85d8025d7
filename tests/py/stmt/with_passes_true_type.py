# `__exit__` gets the type of the exception, whatever its `__class__` and `__traceback__` say.
class Liar(Exception):
    __class__ = ValueError

    @property
    def __traceback__(self):
        return "no traceback"


class Manager:
    def __enter__(self):
        return self

    def __exit__(self, kind, value, tb):
        print(kind.__name__, type(value).__name__, type(tb).__name__)
        return True


with Manager():
    raise Liar  # expect: Liar Liar traceback
