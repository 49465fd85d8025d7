# Trace functions are told of calls, lines, returns and exceptions; profile functions of calls of natives, too.
import sys


def show(f, event, arg):
    line = f.f_lineno - f.f_code.co_firstlineno
    what = arg[0].__name__ if event == "exception" else arg
    print(f.f_code.co_name, line, event, what)
    return show


def gen():
    x = yield 1


def run(n):
    for i in gen():
        n += i
    try:
        1 / 0
    except ZeroDivisionError:
        pass
    while n < 3: n += 1
    return n


sys.settrace(show)
run(1)
sys.settrace(None)
# expect: run 0 call None
# expect: run 1 line None
# expect: gen 0 call None
# expect: gen 1 line None
# expect: gen 1 return 1
# expect: run 2 line None
# expect: run 1 line None
# expect: gen 1 call None
# expect: gen 1 return None
# expect: run 3 line None
# expect: run 4 line None
# expect: run 4 exception ZeroDivisionError
# expect: run 5 line None
# expect: run 6 line None
# expect: run 7 line None
# expect: run 7 line None
# expect: run 8 line None
# expect: run 8 return 3

events = []
sys.setprofile(lambda f, event, arg: events.append((event, getattr(arg, "__name__", arg))))
len([])
sys.setprofile(None)
print(events)  # expect: [('c_call', 'len'), ('c_return', 'len'), ('c_call', 'setprofile')]


# A deep loop of watched instructions must not use up the native stack.
def loop():
    for i in range(50_000):
        pass


sys.settrace(lambda *a: lambda *a: None)
loop()
sys.settrace(None)
print("done")  # expect: done
