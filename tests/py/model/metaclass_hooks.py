class Meta(type):
    @classmethod
    def __prepare__(m, name, bases, **kw):
        print("prepare", name, kw)
        return {"injected": 1}
    def __new__(m, name, bases, ns, **kw):
        print("new", name)
        return super().__new__(m, name, bases, ns)
    def __init__(cls, name, bases, ns, **kw):
        print("init", name)
    def __call__(cls, *a):
        print("call", a)
        return super().__call__(*a)
class C(metaclass=Meta, k=1):
# expect: prepare C {'k': 1}
# expect: new C
# expect: init C
    def __init__(self, v): self.v = v
print(C.injected, C(3).v, type(C).__name__)
# expect: call (3,)
# expect: 1 3 Meta
