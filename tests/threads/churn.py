"""Threads that come and go, exceptions across threads, frames of others, pools, imports."""

import concurrent.futures.thread  # now: what it imports may be among the modules that are taken away below
import importlib
import sys
import threading
import time
import traceback

MODULES = ["colorsys", "sched", "shlex", "textwrap", "bisect", "heapq", "calendar", "fractions", "quopri"]


def deep(n):
    return n if n == 0 else deep(n - 1) + 1


def failing(n):
    try:
        raise ValueError(n)
    except ValueError as error:
        raise KeyError(n) from error


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def ROUND(round):
    shared_error = ValueError("shared")
    imported = threading.Lock()

    def work(index, rng):
        done = 0
        while round.go_on():
            op = rng.randrange(8)
            if op == 0:
                results = []
                threads = [threading.Thread(target=lambda n=n: results.append(n), daemon=n % 2 == 0) for n in range(4)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                assert sorted(results) == [0, 1, 2, 3]
            elif op == 1:
                with concurrent.futures.ThreadPoolExecutor(3) as pool:
                    assert list(pool.map(lambda n: n * n, range(20))) == [n * n for n in range(20)]
                    future = pool.submit(failing, index)
                    assert isinstance(future.exception(), KeyError)
            elif op == 2:
                for _ in range(20):
                    try:
                        raise shared_error
                    except ValueError as error:
                        assert error is shared_error
                        traceback.extract_tb(error.__traceback__)
            elif op == 3:
                for _ in range(20):
                    try:
                        failing(index)
                    except KeyError as error:
                        assert error.args == (index,) and error.__cause__.args == (index,)
            elif op == 4:
                for ident, frame in sys._current_frames().items():
                    while frame is not None:
                        frame.f_lineno, frame.f_code.co_name
                        frame = frame.f_back
                sys._current_exceptions()
            elif op == 5:
                assert deep(200) == 200 and fib(12) == 144
                time.sleep(0.0001)
            elif op == 6:
                with imported:
                    sys.modules.pop(rng.choice(MODULES), None)
                module = rng.choice(MODULES)
                try:
                    assert importlib.import_module(module).__name__ == module
                except KeyError as error:
                    # Another thread took it, or what it imports (`sched` imports `heapq`), from `sys.modules` while it was loading.
                    assert error.args[0] in MODULES and len(error.args) == 1, error
            else:
                timer = threading.Timer(0.0001, lambda: None)
                timer.start()
                timer.join()
                threading.enumerate(), threading.active_count(), threading.current_thread().name
            done += 1
        return done

    round.run(work)
