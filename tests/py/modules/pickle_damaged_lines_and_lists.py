# Lines that end too early, frames that are left, lists that change while they are written.
import io
import pickle


class File:
    def __init__(self, data):
        self.f = io.BytesIO(data)

    def read(self, n=-1):
        return self.f.read(n)

    def readline(self):
        return self.f.readline()


def tried(f, *args):
    try:
        print(f(*args))
    except Exception as e:
        print(f"{type(e).__name__}: {e}")


for data in (b"c\n\n.", b"I\n.", b"L\n.", b"F\n.", b"\\"):
    tried(pickle.loads, data)
    # expect: UnpicklingError: pickle data was truncated
    # expect: UnpicklingError: pickle data was truncated
    # expect: UnpicklingError: pickle data was truncated
    # expect: UnpicklingError: pickle data was truncated
    # expect: UnpicklingError: invalid load key, '\x5c'.

beyond = b"\x80\x04\x95\x05\0\0\0\0\0\0\0Vabcdefg\n."
for load in (pickle.loads, lambda d: pickle.load(io.BytesIO(d)), lambda d: pickle.load(File(d))):
    tried(load, beyond)
    # expect: UnpicklingError: pickle exhausted before end of frame
    # expect: UnpicklingError: pickle exhausted before end of frame
    # expect: UnpicklingError: pickle exhausted before end of frame

items = []


class Shrinks:
    def __reduce__(self):
        items.clear()
        return int, ()


items[:] = [1, Shrinks(), 3]
try:
    pickle.dumps(items)
except RuntimeError as e:
    print(e)  # expect: list changed size during iteration

tried(pickle.loads, b"cfunctools\npartial\n)}\x92.")  # expect: TypeError: type 'partial' takes at least one argument
tried(lambda: pickle.loads(b"N.", encoding="\ud800"))  # expect: UnicodeEncodeError: 'utf-8' codec can't encode character '\ud800' in position 0: surrogates not allowed

# Pickler and Unpickler share how a hook is set and how the memo is seen.
p, u = pickle.Pickler(io.BytesIO()), pickle.Unpickler(io.BytesIO(b"]."))
p.dump(["a"])
print(type(p.memo).__name__, type(u.memo).__name__, len(p.memo.copy()))  # expect: PicklerMemoProxy UnpicklerMemoProxy 2
tried(setattr, p, "memo", u.memo)  # expect: TypeError: 'memo' attribute must be a PicklerMemoProxy object or dict, not _pickle.UnpicklerMemoProxy
tried(setattr, u, "memo", p.memo)  # expect: TypeError: 'memo' attribute must be an UnpicklerMemoProxy object or dict, not _pickle.PicklerMemoProxy
tried(setattr, p, "x", 1)  # expect: AttributeError: '_pickle.Pickler' object has no attribute 'x'
tried(lambda: p.dispatch_table)  # expect: AttributeError: '_pickle.Pickler' object has no attribute 'dispatch_table'
tried(setattr, p, "fast", 2**70)  # expect: OverflowError: Python int too large to convert to C long
tried(setattr, pickle.Pickler, "x", 1)  # expect: TypeError: cannot set 'x' attribute of immutable type '_pickle.Pickler'
