import gc
import threading
from ctypes import *

libc = CDLL(None)
ENTRY = CFUNCTYPE(c_void_p, c_void_p)
libc.pthread_join.argtypes = [c_ulong, c_void_p]
seen = []


def entry(arg):
    # A thread that Python did not start.
    seen.append((arg, threading.get_ident() != threading.main_thread().ident))
    gc.collect()
    return arg + 1


entries = ENTRY(entry)
threads = [c_ulong() for _ in range(4)]
for i, t in enumerate(threads):
    libc.pthread_create(byref(t), None, entries, c_void_p(100 + i))
answers = []
for t in threads:
    r = c_void_p()
    libc.pthread_join(t, byref(r))
    answers.append(r.value)
print(sorted(seen), answers)

# Threads of Python that call C that calls back.
total = []


def work():
    add = CFUNCTYPE(c_int, c_int)(lambda x: x + 1)
    n = 0
    for _ in range(2000):
        n = add(n)
    total.append(n)


workers = [threading.Thread(target=work) for _ in range(4)]
for w in workers:
    w.start()
for w in workers:
    w.join()
print(total)
# expect: [(100, True), (101, True), (102, True), (103, True)] [101, 102, 103, 104]
# expect: [2000, 2000, 2000, 2000]
