import sys
events = []
def trace(frame, event, arg):
    if frame.f_code.co_name in ("f", "g"):
        events.append((event, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))
    return trace
def g(): return 1
def f():
    x = g()
    return x
sys.settrace(trace)
f()
sys.settrace(None)
print(events)  # expect: [('call', 'f', 0), ('line', 'f', 1), ('call', 'g', 0), ('line', 'g', 0), ('return', 'g', 0), ('line', 'f', 2), ('return', 'f', 2)]
