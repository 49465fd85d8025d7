class Plain:
    __slots__ = ("a",)


class Own:
    __slots__ = ("a",)

    def __setattr__(self, name, value):
        super().__setattr__(name, value)


for cls in (Plain, Own):
    try:
        cls().b = 1
    except AttributeError as e:
        print(e)
# expect: 'Plain' object has no attribute 'b' and no __dict__ for setting new attributes
# expect: 'Own' object has no attribute 'b'
