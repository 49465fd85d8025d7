# What an isolated interpreter may not do; its threads belong to it, and are joined when it ends.
from concurrent import interpreters
import sys

i = interpreters.create()
for script in [
    "import os; os.fork()",
    "import os; os.execv('/bin/true', ['true'])",
    "import threading; threading.Thread(target=print, daemon=True)",
    "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL)",
]:
    try:
        i.exec(script)
    except interpreters.ExecutionFailed as e:
        print(e.excinfo.formatted)

i.exec("""if True:
    import atexit, threading, time
    def later():
        time.sleep(0.1)
        print('thread done', flush=True)
    threading.Thread(target=later).start()
    atexit.register(lambda: print('atexit', flush=True))
    """)
i.close()
print("closed")

i = interpreters.create()
i.exec("import sys; sys.spam = 1")
print(hasattr(sys, "spam"))
try:
    i.exec("import sys; sys.exit(3)")
except interpreters.ExecutionFailed as e:
    print(e.excinfo.formatted)
i.close()
# expect: thread done
# expect: atexit
# expect: RuntimeError: fork not supported for isolated subinterpreters
# expect: RuntimeError: exec not supported for isolated subinterpreters
# expect: RuntimeError: daemon threads are disabled in this (sub)interpreter
# expect: ValueError: signal only works in main thread of the main interpreter
# expect: closed
# expect: False
# expect: SystemExit: 3
