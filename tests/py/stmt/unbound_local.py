x = 1
def f():
    print(x)
    x = 2
try:
    f()
except UnboundLocalError as e:
    print(e, e.name)  # expect: cannot access local variable 'x' where it is not associated with a value None
def g():
    def h(): return y
    if False: y = 1
    return h()
try:
    g()
except NameError as e:
    print(type(e).__name__, e)  # expect: NameError cannot access free variable 'y' where it is not associated with a value in enclosing scope
