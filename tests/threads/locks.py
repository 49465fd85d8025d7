"""Locks of all kinds: exclusion is exact, nobody is forgotten, and thread-local state stays apart."""

import contextvars
import threading
import _thread

variable = contextvars.ContextVar("variable", default=None)


def ROUND(round):
    lock, rlock, condition = threading.Lock(), threading.RLock(), threading.Condition()
    slots, event = threading.BoundedSemaphore(2), threading.Event()
    local = threading.local()
    totals = [0, 0, 0, 0]
    inside = [0]
    tickets = []

    def work(index, rng):
        count = [0, 0, 0, 0]
        local.value = index
        context = contextvars.copy_context()
        while round.go_on():
            for _ in range(20):
                with lock:
                    totals[0] += 1
                count[0] += 1
                with rlock:
                    with rlock:
                        totals[1] += 1
                count[1] += 1
                if lock.acquire(timeout=0.0005):
                    totals[2] += 1
                    count[2] += 1
                    # The lock of another counter, so the same lock guards both.
                    lock.release()
            with slots:
                with lock:
                    inside[0] += 1
                    assert inside[0] <= 2
                with lock:
                    inside[0] -= 1
            with condition:
                tickets.append(index)
                totals[3] += 1
                count[3] += 1
                condition.notify(1)
                if len(tickets) < round.threads and rng.random() < 0.2:
                    condition.wait(0.001)
                del tickets[:]
            event.set() if rng.random() < 0.5 else event.clear()
            event.wait(0.0005)
            assert local.value == index
            local.other = [index]
            assert vars(local) == {"value": index, "other": [index]}

            def in_context(n):
                variable.set((index, n))
                assert variable.get() == (index, n)

            context.run(in_context, rng.randrange(10))
            assert variable.get() is None
            with_handle()
        return count

    def with_handle():
        done = []
        handle = _thread.start_joinable_thread(lambda: done.append(1))
        handle.join()
        assert done == [1] and handle.is_done()

    results = round.run(work)
    for i in range(4):
        assert totals[i] == sum(count[i] for count in results), (i, totals, results)
