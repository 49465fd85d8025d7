class D:
    def __set_name__(self, owner, name):
        print("set_name", owner.__name__, name)
class Base:
    def __init_subclass__(cls, /, tag=None, **kw):
        super().__init_subclass__(**kw)
        print("init_subclass", cls.__name__, tag)
class C(Base, tag="t"):
# expect: set_name C a
# expect: set_name C b
# expect: init_subclass C t
    a = D()
    b = D()
try:
    class E(Base, bad=1): pass
except TypeError as e:
    print(e)  # expect: E.__init_subclass__() takes no keyword arguments
