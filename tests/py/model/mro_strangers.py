"""A class whose metaclass puts a class behind it that it does not derive from follows changes of that class."""


class Base:
    value = 1

    def __len__(self):
        return 1


class Meta(type):
    def mro(cls):
        return (cls, Base, object)


class Weird(metaclass=Meta):
    pass


def value():
    return Weird.value, Weird().value


seen = []
for n in range(3):
    Base.value = n
    seen.append(value())
print(*seen)
# expect: (0, 0) (1, 1) (2, 2)

print(Base.__subclasses__(), Weird.__mro__ == (Weird, Base, object), Weird.__bases__)
# expect: [] True (<class 'object'>,)

try:
    len(Weird())
except TypeError as e:
    print(e)
else:
    print(len(Weird()))
# expect: 1


class Error(Exception):
    pass


class Plain:
    pass


class Both(Plain, Exception):
    pass


for c in (Error, Both):
    e = c()
    e.__dict__ = {"a": 1}
    try:
        del e.__dict__
    except TypeError as error:
        print(e.a, error)
# expect: 1 cannot delete __dict__
# expect: 1 cannot delete __dict__
