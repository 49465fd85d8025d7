# A fork waits until no other thread is in the middle of an import: the child finds whole modules, and a free lock.
import _imp
import os
import sys
import threading
import time
import warnings

warnings.simplefilter("ignore")
half_way = threading.Event()


def importer():
    _imp.acquire_lock()
    sys.modules["fake"] = "partial"
    half_way.set()
    time.sleep(0.05)
    sys.modules["fake"] = "whole"
    _imp.release_lock()


thread = threading.Thread(target=importer)
thread.start()
half_way.wait()
pid = os.fork()
if not pid:
    os._exit(42 if __import__("fake") == "whole" and not _imp.lock_held() else 1)
thread.join()
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))  # expect: 42

# A thread that holds the lock itself may fork, and both have it then.
_imp.acquire_lock()
pid = os.fork()
held = _imp.lock_held()
_imp.release_lock()
if not pid:
    os._exit(7 if held and not _imp.lock_held() else 1)
print(held, _imp.lock_held(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))  # expect: True False 7
