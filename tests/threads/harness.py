"""Runs one stress program of this folder on several threads, round after round, and checks what it left.

    protopy harness.py PROGRAM THREADS SECONDS [SEED]

A program defines ROUND, a function of a `Round`. It makes shared objects, hands functions to `Round.run`, which calls
them on all threads at once, and then asserts its invariants. An assertion, an exception in a thread or a fault of the
process is a failure; so is memory that keeps growing from round to round.
"""

import gc
import importlib
import os
import random
import sys
import threading
import time

# Growth of resident memory between the middle and the end of a long run that is taken for a leak: a part, and bytes.
GROWTH = 0.25
SLACK = 48 << 20
# A run that is shorter says nothing about growth.
LONG = 60


class Round:
    """One round: a source of random numbers, a number of threads, and a point of time at which they stop."""

    def __init__(self, seed, threads, seconds):
        self.random = random.Random(seed)
        self.threads = threads
        self.seconds = seconds
        self.stop = 0.0
        self.errors = []

    def go_on(self):
        """Whether the round still has time."""
        return not self.errors and time.monotonic() < self.stop

    def run(self, *functions):
        """Calls the functions in turn as `f(index, rng)` on all threads; their results in the order of threads."""
        results = [None] * self.threads
        start = threading.Barrier(self.threads)
        seeds = [self.random.random() for _ in range(self.threads)]

        def body(index):
            try:
                start.wait()
                results[index] = functions[index % len(functions)](index, random.Random(seeds[index]))
            except BaseException as error:
                self.errors.append(error)
                raise

        self.stop = time.monotonic() + self.seconds
        threads = [threading.Thread(target=body, args=(i,)) for i in range(self.threads)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not self.errors, self.errors
        return results


def resident():
    """Bytes of resident memory; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
    except OSError:
        return 0


def main(name, threads, seconds, seed):
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    program = importlib.import_module(name)
    rng = random.Random(seed)
    begin = time.monotonic()
    rounds, middle = 0, 0
    while time.monotonic() - begin < seconds:
        left = seconds - (time.monotonic() - begin)
        program.ROUND(Round(rng.random(), threads, min(rng.uniform(0.1, 0.5), max(left, 0.05))))
        rounds += 1
        if rng.random() < 0.2:
            gc.collect()
        if not middle and time.monotonic() - begin > seconds / 2:
            gc.collect()
            middle = resident()
    gc.collect()
    end = resident()
    if seconds >= LONG:
        assert end <= middle * (1 + GROWTH) + SLACK, f"memory grew from {middle} to {end} bytes"
    print(f"ok {name} threads={threads} rounds={rounds} resident={middle >> 20}..{end >> 20} MiB")


if __name__ == "__main__":
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), seed)
