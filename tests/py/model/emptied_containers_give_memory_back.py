"""A container that is emptied gives its memory back at once, whatever other threads do meanwhile: sleep, wait for input, compute."""

import os
import threading
import time


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE") >> 20


def numbers(l):
    for i in range(8_000_000 // LESS):
        l.append(None)


def table(d):
    for i in range(500_000 // LESS):
        d[i] = None


def members(s):
    for i in range(500_000 // LESS):
        s.add(i)


# With a collection at every few allocations, less has to do.
LESS = 20 if "PROTOPY_GC_STRESS" in os.environ else 1
# Memory that is poisoned when it is freed stays.
LIMIT = 1 << 40 if "PROTOPY_GC_POISON" in os.environ else resident() + 56


def gives_back(container, fill):
    fill(container)
    full = resident()
    container.clear()
    end = time.monotonic() + 20
    # Threads that compute have until their next instructions to take note.
    while resident() > LIMIT and time.monotonic() < end:
        time.sleep(0.001)
    if resident() > LIMIT:
        print(fill.__name__, LIMIT, full, resident())


def all_give_back():
    gives_back([], numbers)
    gives_back({}, table)
    gives_back(set(), members)


all_give_back()
print("alone")  # expect: alone

wakeup = threading.Event()
reader, writer = os.pipe()
done = False


def compute():
    while not done:
        sum(range(100))


threads = [threading.Thread(target=f) for f in (wakeup.wait, lambda: os.read(reader, 1))]
for t in threads:
    t.start()
all_give_back()
print("beside threads that wait")  # expect: beside threads that wait

threads.append(threading.Thread(target=compute))
threads[-1].start()
all_give_back()
print("beside one that computes")  # expect: beside one that computes

done = True
wakeup.set()
os.write(writer, b"x")
for t in threads:
    t.join()
