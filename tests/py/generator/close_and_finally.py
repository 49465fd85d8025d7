def g():
    try:
        yield 1
        yield 2
    except GeneratorExit:
        print("exit")
        raise
    finally:
        print("finally")
i = g()
next(i)
print(i.close())
# expect: exit
# expect: finally
# expect: None
def stubborn():
    try:
        yield
    except GeneratorExit:
        yield
i = stubborn()
next(i)
try:
    i.close()
except RuntimeError as e:
    print(e)  # expect: generator ignored GeneratorExit
def returns():
    try:
        yield
    except GeneratorExit:
        return 42
i = returns()
next(i)
print(i.close())  # expect: 42
