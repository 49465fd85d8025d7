class C:
    x = 1
    def __getattribute__(self, name):
        if name == "x":
            return "intercepted"
        return super().__getattribute__(name)
c = C()
c.y = 2
print(c.x, c.y)  # expect: intercepted 2
