# Exit codes and messages when output cannot be written, and finalizers at the end.
import subprocess
import sys


def run(code, **streams):
    p = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, **streams)
    print(p.returncode, (p.stdout or "") + p.stderr, end="")


with open("/dev/full", "w") as full:
    run("print(1)", stdout=full)
# expect: 120 Exception ignored while flushing sys.stdout:
# expect: OSError: [Errno 28] No space left on device
run("import sys\nsys.stderr = None\n1/0")  # expect: 1 
print()
# Finalizers of what the program leaves find its namespace whole.
run("""
import os
class A:
    def __del__(self):
        print(os is None, len is None, __name__, A is None)
a = A()
_b = A()
""", stdout=subprocess.PIPE)
# expect: 0 False False __main__ False
# expect: False False __main__ False
run("import sys\nsys.unraisablehook = 5\nimport atexit\natexit.register(lambda: 1/0)")
# expect: 0 Exception ignored in sys.unraisablehook: 5
# expect: TypeError: 'int' object is not callable
