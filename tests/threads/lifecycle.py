"""Threads that begin and end, collections from all of them, tracing, signals, forks and thread-local data."""

import concurrent.futures
import gc
import os
import sys
import threading
import time
import weakref
import _thread


class Local(threading.local):
    made = 0

    def __init__(self):
        Local.made += 1
        self.items = []


class Node:
    def __init__(self, next=None):
        self.next = next


def ROUND(round):
    shared = Local()
    started, ended = [], []
    alive = weakref.WeakSet()
    lock = threading.RLock()
    total = [0]
    traced = [0]

    def tracer(frame, event, arg):
        traced[0] += 1
        return tracer

    def leaf(n):
        shared.items.append(n)
        assert shared.items[-1] == n
        with lock:
            total[0] += 1

    def work(index, rng):
        count = 0
        while round.go_on():
            op = rng.randrange(16)
            if op < 4:
                threads = [threading.Thread(target=leaf, args=(i,), daemon=i == 0) for i in range(rng.randrange(4))]
                alive.update(threads)
                for t in threads:
                    t.start()
                count += len(threads)
                for t in threads:
                    t.join()
            elif op == 4:
                event = threading.Event()
                handle = _thread.start_joinable_thread(event.set)
                event.wait()
                handle.join()
            elif op == 5:
                done = []
                for i in range(5):
                    _thread.start_new_thread(done.append, (i,))
                deadline = time.monotonic() + 60
                while len(done) < 5 and time.monotonic() < deadline:
                    time.sleep(0.001)
                assert sorted(done) == [0, 1, 2, 3, 4]
            elif op == 6 and rng.random() < 0.3:
                gc.collect()
            elif op == 7:
                head = None
                for _ in range(100):
                    head = Node(head)
                head.next.next = head
            elif op == 8:
                with concurrent.futures.ThreadPoolExecutor(3) as pool:
                    assert list(pool.map(lambda n: n * n, range(20))) == [n * n for n in range(20)]
            elif op == 9:
                sys.settrace(tracer)
                leaf(1)
                sys.settrace(None)
                count += 1
            elif op == 10 and rng.random() < 0.2:
                threading.settrace_all_threads(tracer)
                leaf(1)
                threading.settrace_all_threads(None)
                count += 1
            elif op == 11:
                threading.enumerate(), threading.active_count(), sys._current_frames(), len(alive)
            elif op == 12 and hasattr(os, "fork") and rng.random() < 0.2:
                pid = os.fork()
                if pid == 0:
                    try:
                        gc.collect()
                        t = threading.Thread(target=leaf, args=(1,))
                        t.start()
                        t.join()
                        os._exit(0)
                    finally:
                        os._exit(9)
                _, status = os.waitpid(pid, 0)
                assert status == 0, f"the child of a fork ended with {status}"
            elif op == 13:
                condition = threading.Condition()
                with condition:
                    condition.wait(0.0001)
                barrier = threading.Barrier(2)
                t = threading.Thread(target=barrier.wait)
                t.start()
                barrier.wait()
                t.join()
            elif op == 14:
                timer = threading.Timer(0.0001, leaf, (2,))
                timer.start()
                timer.join()
                count += 1
            else:
                gc.get_objects()[:5], gc.get_referrers(shared)[:1], gc.get_stats(), gc.get_count()
        sys.settrace(None)
        return count

    results = round.run(work)
    threading.settrace_all_threads(None)
    assert total[0] == sum(results), (total, results)
    del shared
