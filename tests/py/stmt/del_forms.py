x = 1
del x
try:
    x
except NameError as e:
    print(e)  # expect: name 'x' is not defined
l = list(range(5))
del l[0], l[1:3]
print(l)  # expect: [1, 4]
d = {"a": 1}
del d["a"]
print(d)  # expect: {}
def f():
    y = 1
    del y
    return y
try:
    f()
except UnboundLocalError as e:
    print(e)  # expect: cannot access local variable 'y' where it is not associated with a value
class C: pass
try:
    del C().x
except AttributeError as e:
    print(e)  # expect: 'C' object has no attribute 'x'
