"""Two things that end CPython 3.14: tuples in tuples dropped on a small stack, and a C function pointer of another interpreter."""

import _interpqueues
import _interpreters
import ctypes
import threading
from concurrent import interpreters

# Tuples in tuples need no native stack to be dropped.
nested = ()
for _ in range(2000):
    nested = (nested,)
queue = _interpqueues.create(0)
_interpqueues.put(queue, nested)
old = threading.stack_size(65536)
t = threading.Thread(target=_interpqueues.destroy, args=(queue,))
t.start()
t.join()
threading.stack_size(old)
print("dropped")  # expect: dropped

# A C function pointer of one interpreter that is called in another one runs in its own.
lines = []
hook = ctypes.CFUNCTYPE(None)(lambda: lines.append(_interpreters.get_current()[0]))
address = ctypes.cast(hook, ctypes.c_void_p).value
other = interpreters.create()
other.exec(f"import ctypes; ctypes.CFUNCTYPE(None)({address})()")
other.close()
print(lines)  # expect: [0]

