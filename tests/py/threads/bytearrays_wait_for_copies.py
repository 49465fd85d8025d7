# A thread that resizes a bytearray waits for another one's copy: it gets no BufferError, which is for exports that a program knows of.
import array
import threading
import time

LIMIT = time.monotonic() + 1.5
errors = []


def watched(f):
    def run():
        try:
            while time.monotonic() < LIMIT and not errors:
                f()
        except BaseException as e:
            errors.append(e)
    return run


small, large, numbers = bytearray(b"x" * 100), bytearray(b"x" * 200_000), array.array("b", b"x" * 100_000)


def copy():
    for b in small, large:
        bytes(b), b"".join([b, b]), b"" + b, memoryview(b"").tobytes(), b"x" in b
        assert set(bytes(b)) <= {120}
    bytes(numbers)
    with memoryview(b"x" * 100_000) as v:
        bytes(v)


def resize():
    for b in small, large:
        b.append(120)
        b.extend(b"xxx")
        del b[-4:]
        b += b"x"
        try:
            b.pop()
        except IndexError:
            pass  # Another thread has just emptied it.
    numbers.append(120)
    numbers.pop()


def replace():
    for b in small, large:
        n = len(b)
        b.clear()
        b.extend(b"x" * n)


threads = [threading.Thread(target=watched(f)) for f in (copy, resize, copy, replace)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(errors)  # expect: []

# An export that lasts refuses as ever, beside copies, too.
pinned = bytearray(b"x" * 200_000)
view = memoryview(pinned)
stop = threading.Event()


def copy_pinned():
    while not stop.is_set():
        bytes(pinned)


copier = threading.Thread(target=copy_pinned)
copier.start()
refused = 0
for _ in range(200):
    try:
        pinned.append(1)
    except BufferError as e:
        refused += str(e) == "Existing exports of data: object cannot be re-sized"
stop.set()
copier.join()
print(refused)  # expect: 200
view.release()
pinned.append(1)
print(len(pinned))  # expect: 200001
