# A trace function may send its frame elsewhere, where CPython lets it.
import sys


def jumper(start, to):
    def trace(f, event, arg):
        if f.f_code is target.__code__:
            if event == "line" and f.f_lineno - f.f_code.co_firstlineno == start and not done:
                done.append(1)
                f.f_lineno = f.f_code.co_firstlineno + to
            return trace
    return trace


def target(out):
    out.append(1)
    out.append(2)
    for i in (1, 2):
        out.append(3)
    try:
        out.append(5)
    except KeyError:
        out.append(7)
    out.append(8)


def attempt(start, to):
    global done
    done, out = [], []
    sys.settrace(jumper(start, to))
    try:
        target(out)
    except ValueError as e:
        print(e)
    sys.settrace(None)
    print(out)


import warnings
warnings.simplefilter("ignore")
attempt(2, 9)
# expect: [1, 8]
attempt(1, 4)
# expect: can't jump into the body of a for loop
# expect: []
attempt(2, 8)
# expect: can't jump into an 'except' block as there's no exception
# expect: [1]
attempt(4, 9)
# expect: [1, 2, 8]
attempt(1, 90)
# expect: line 105 comes after the current code block
# expect: []
try:
    sys._getframe().f_lineno = 1
except ValueError as e:
    print(e)  # expect: f_lineno can only be set in a trace function
