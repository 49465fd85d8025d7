"""Runs the work of a program on so many threads, in the process of the interpreter that is measured.

    python run_threads.py PROGRAM THREADS REPEATS [apart]

A program defines `PARTS`, `shared(threads)`, which makes what all threads use, `work(state, part)`, and `result(state, results)`. All
parts are done whatever the number of threads is; each thread does the same number of them. The threads take the times themselves: a
run lasts from the earliest start of a thread to the latest end. Prints the result, then the best time of the clock and of the
processors over the repeats, in seconds.

With `apart` each thread runs in a process of its own, with a state of its own, so that the processes share nothing but the machine: what
they lose against one thread is the machine's part of what threads lose. No result is printed then, but `None`.
"""

import os
import struct
import sys
import threading
import time


def finish(begun, ended):
    """The time from the first to the last, for (clock, processor) pairs of threads."""
    return [max(last) - min(first) for first, last in zip(zip(*begun), zip(*ended))]


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
    clock, used = finish(begun, ended)
    return program["result"](state, results), clock, used


def share(program, index, count, go, report):
    """The work of one of so many processes: begins when `go` closes, and writes its times."""
    parts, work = program["PARTS"], program["work"]
    state = program["shared"](1)
    times = []

    def body():
        os.read(go, 1)
        times.extend((time.perf_counter(), time.process_time()))
        for part in range(index, parts, count):
            work(state, part)
        times.extend((time.perf_counter(), time.process_time()))

    worker = threading.Thread(target=body)
    worker.start()
    os.write(report, b"r")
    worker.join()
    os.write(report, struct.pack("4d", *times))
    if hasattr(state, "shutdown"):
        state.shutdown()


def apart(program, count):
    assert program["PARTS"] % count == 0, "the parts cannot be shared out evenly"
    go, let_go = os.pipe()
    children = []
    for index in range(count):
        reports, report = os.pipe()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                os.close(let_go)
                share(program, index, count, go, report)
                status = 0
            finally:
                os._exit(status)
        os.close(report)
        children.append((pid, reports))
    os.close(go)
    for _, reports in children:
        assert os.read(reports, 1) == b"r"
    os.close(let_go)
    times = []
    for pid, reports in children:
        with open(reports, "rb") as file:
            times.append(struct.unpack("4d", file.read()))
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    clock = max(t[2] for t in times) - min(t[0] for t in times)
    return None, clock, sum(t[3] - t[1] for t in times)


def main(path, threads, repeats, form=run):
    program = {"__name__": "program"}
    with open(path) as file:
        exec(compile(file.read(), path, "exec"), program)
    runs = [form(program, threads) for _ in range(repeats)]
    results = {result for result, _, _ in runs}
    assert len(results) == 1, results
    print(results.pop())
    print(min(clock for _, clock, _ in runs), min(used for _, _, used in runs))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), apart if "apart" in sys.argv[4:] else run)
