class Meta(type):
    @classmethod
    def __prepare__(m, name, bases, **kw):
        print("prepare", name, kw)  # expect: prepare C {'k': 1}
        return {"injected": 1}
    def __new__(m, name, bases, ns, **kw):
        print("new", name)  # expect: new C
        return super().__new__(m, name, bases, ns)
    def __init__(cls, name, bases, ns, **kw):
        print("init", name)  # expect: init C
    def __call__(cls, *a):
        print("call", a)  # expect: call (3,)
        return super().__call__(*a)
class C(metaclass=Meta, k=1):
    def __init__(self, v): self.v = v
print(C.injected, C(3).v, type(C).__name__)  # expect: 1 3 Meta
