"""What was sent to another interpreter is let go of before an exporter resizes and at the end."""

import _interpreters
import gc
import subprocess
import sys
import threading
from concurrent import interpreters

# A view that another interpreter has let go of does not keep a bytearray from growing.
data = bytearray(b"spam")
other = interpreters.create()
commands, answers = interpreters.create_queue(), interpreters.create_queue()
other.prepare_main(commands=commands, answers=answers)
t = threading.Thread(target=other.exec, args=("""
import gc
view = commands.get()
size = len(view)
view.release()
del view
gc.collect()
answers.put(size)
commands.get()
""",))
t.start()
commands.put(memoryview(data))
print(answers.get())  # expect: 4
gc.collect()
data.append(1)
print(data)  # expect: bytearray(b'spam\x01')
commands.put(None)
t.join()
other.close()

# Code whose constants were exchanged for objects has no plain data.
code = compile("x = 'original'; print(x)", "s", "exec").replace(co_consts=(object(), None))
number = _interpreters.create()
try:
    _interpreters.exec(number, code)
except ValueError as e:
    print("ValueError")  # expect: ValueError
_interpreters.destroy(number)

# Who is referred to by nobody at the end is not told of.
program = "from concurrent import interpreters; interpreters.create().exec('pass')"
print(subprocess.run([sys.executable, "-c", program], capture_output=True).stderr)  # expect: b''
