"""Runs the work of a program on so many threads, in the process of the interpreter that is measured.

    python run_threads.py PROGRAM THREADS REPEATS

A program defines `PARTS`, `shared()`, which makes what all threads use, `work(state, part)`, and `result(state, results)`. All
parts are done whatever the number of threads is; each thread does the same number of them. Prints the result, then the best time of the
clock and of the processors over the repeats, in seconds.
"""

import sys
import threading
import time


def run(program, threads):
    state = program["shared"]()
    parts, work = program["PARTS"], program["work"]
    results = [None] * parts
    start = threading.Barrier(threads + 1)

    def body(index):
        start.wait()
        for part in range(index, parts, threads):
            results[part] = work(state, part)

    workers = [threading.Thread(target=body, args=(index,)) for index in range(threads)]
    for worker in workers:
        worker.start()
    start.wait()
    clock, used = time.perf_counter(), time.process_time()
    for worker in workers:
        worker.join()
    clock, used = time.perf_counter() - clock, time.process_time() - used
    return program["result"](state, results), clock, used


def main(path, threads, repeats):
    program = {"__name__": "program"}
    with open(path) as file:
        exec(compile(file.read(), path, "exec"), program)
    runs = [run(program, threads) for _ in range(repeats)]
    results = {result for result, _, _ in runs}
    assert len(results) == 1, results
    print(results.pop())
    print(min(clock for _, clock, _ in runs), min(used for _, _, used in runs))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
