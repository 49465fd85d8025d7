"""Runs the work of a program on so many threads, in the process of the interpreter that is measured.

    python run_threads.py PROGRAM THREADS REPEATS

A program defines `PARTS`, `shared(threads)`, which makes what all threads use, `work(state, part)`, and `result(state, results)`. All
parts are done whatever the number of threads is; each thread does the same number of them. The threads take the times themselves: a
run lasts from the earliest start of a thread to the latest end. Prints the result, then the best time of the clock and of the
processors over the repeats, in seconds.
"""

import sys
import threading
import time


def run(program, threads):
    state = program["shared"](threads)
    parts, work = program["PARTS"], program["work"]
    assert parts % threads == 0, "the parts cannot be shared out evenly"
    results = [None] * parts
    begun, ended = [None] * threads, [None] * threads
    start = threading.Barrier(threads)

    def body(index):
        start.wait()
        begun[index] = time.perf_counter(), time.process_time()
        for part in range(index, parts, threads):
            results[part] = work(state, part)
        ended[index] = time.perf_counter(), time.process_time()

    workers = [threading.Thread(target=body, args=(index,)) for index in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    clock, used = (max(last) - min(first) for first, last in zip(zip(*begun), zip(*ended)))
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
