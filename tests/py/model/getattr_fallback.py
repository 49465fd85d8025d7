class C:
    x = 1
    def __getattr__(self, name):
        if name == "boom":
            raise AttributeError("custom message")
        return f"<{name}>"
c = C()
print(c.x, c.y, getattr(c, "z"), hasattr(c, "boom"))  # expect: 1 <y> <z> False
try:
    c.boom
except AttributeError as e:
    print(e)  # expect: custom message
