# An executor that is forgotten without shutdown() ends its threads, though nothing is allocated while all of them wait.
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor


def forget(n):
    executor = ThreadPoolExecutor(n)
    for _ in range(n):
        executor.submit(time.sleep, 0.01)
    assert executor.submit(abs, -3).result() == 3
    return list(executor._threads)


threads = forget(3)
for thread in threads:
    thread.join()
print(any(thread.is_alive() for thread in threads))  # expect: False

# So does the end of an object that somebody waits for, by whatever means.
class Thing:
    pass


def after_the_end(wait, done):
    thing = Thing()
    weakref.finalize(thing, done).atexit = False
    other = threading.Thread(target=wait)
    other.start()
    del thing
    other.join()
    return True


event, lock = threading.Event(), threading.Lock()
lock.acquire()
print(after_the_end(event.wait, event.set))  # expect: True
print(after_the_end(lock.acquire, lock.release))  # expect: True
