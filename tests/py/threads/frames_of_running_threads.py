# A frame object tells the truth to other threads while its call runs, and after it.
import sys
import threading

here, go, done = threading.Event(), threading.Event(), threading.Event()
shown = []


def step(event):
    event.set()
    go.wait()
    go.clear()


def callee(a):
    b = a + 1
    shown.append(sys._getframe())
    step(here)
    print(a, b)
    b = "last"
    done.set()


def caller():
    mine = "of the caller"
    callee(1)
    return mine


thread = threading.Thread(target=caller)
thread.start()
here.wait()
frame = shown[0]
first = callee.__code__.co_firstlineno
print(frame.f_locals["a"], frame.f_locals["b"], frame.f_lineno - first)  # expect: 1 2 3
print(frame.f_back.f_code.co_name, frame.f_back.f_locals)  # expect: caller {'mine': 'of the caller'}
print(frame.f_back is frame.f_back, frame.f_back.f_lineno - caller.__code__.co_firstlineno)  # expect: True 2
frame.f_locals["b"] = "written"
try:
    frame.clear()
except RuntimeError as error:
    print(error)  # expect: cannot clear an executing frame
go.set()
done.wait()
thread.join()
# expect: 1 written
print(frame.f_locals["b"], frame.f_back.f_locals["mine"], frame.f_lineno - first)  # expect: last of the caller 6


def numbers():
    local = ["suspended"]
    yield
    local = ["running"]
    step(here)
    yield
    local = ["suspended again"]
    yield


gen = numbers()
next(gen)
frame = gen.gi_frame
print(frame.f_locals)  # expect: {'local': ['suspended']}
here.clear()
thread = threading.Thread(target=next, args=(gen,))
thread.start()
here.wait()
print(frame is gen.gi_frame, frame.f_locals, frame.f_back is None)  # expect: True {'local': ['running']} False
go.set()
thread.join()
next(gen)
print(frame.f_locals, frame.f_back)  # expect: {'local': ['suspended again']} None
