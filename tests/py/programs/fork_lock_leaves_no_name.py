# A semaphore of the fork context is unlinked at once: nobody removes its name again at exit.
import multiprocessing as mp

context = mp.get_context("fork")
lock, event = context.Lock(), context.Event()
print(lock._semlock.name)  # expect: None


def child(lock, event):
    with lock:
        event.set()


with lock:
    p = context.Process(target=child, args=(lock, event))
    p.start()
    print(event.is_set())  # expect: False
p.join()
print(p.exitcode, event.is_set())  # expect: 0 True
