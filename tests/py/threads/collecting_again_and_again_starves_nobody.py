# Threads that collect in a loop leave the others time to work.
import csv
import gc
import io
import threading
import time

rows = [[i, "a,b", 1.5, None] for i in range(5_000)]
done = threading.Event()


def collect(generation):
    while not done.is_set():
        gc.collect(generation)


collectors = [threading.Thread(target=collect, args=(g,)) for g in (0, 0, 2)]
for t in collectors:
    t.start()
begun = time.monotonic()
out = io.StringIO()
csv.writer(out).writerows(rows)
took = time.monotonic() - begun
done.set()
for t in collectors:
    t.join()
print(len(out.getvalue().splitlines()))  # expect: 5000
print(took < 60)  # expect: True
