"""Native objects that threads share: buffers, files in memory, random numbers, caches, patterns, encoders."""

import _collections
import array
import collections
import functools
import hashlib
import io
import json
import pickle
import random
import re
import struct
try:
    import zlib
except ImportError:
    zlib = None


def ROUND(round):
    buffer, numbers = bytearray(b"abcd" * 10), array.array("q", range(50))
    file, text = io.BytesIO(b"x" * 100), io.StringIO("line\n" * 20)
    dice = random.Random(1)
    digest = hashlib.sha256()
    pattern = re.compile(r"(\w+)-(\d+)")
    ordered = collections.OrderedDict((i, i) for i in range(20))
    counts = collections.Counter()
    calls = []
    packer = struct.Struct("<IdQ")
    crusher = zlib and zlib.compressobj()

    @functools.lru_cache(maxsize=16)
    def cached(n):
        calls.append(n)
        return n, n * n

    @functools.lru_cache(maxsize=None)
    def unbounded(n):
        return [n]

    @functools.cache
    def deep(n):
        return n if n < 2 else deep(n - 1) + deep(n - 2)

    def work(index, rng):
        written = 0
        while round.go_on():
            for _ in range(10):
                OPS[rng.randrange(len(OPS))](index, rng)
            deque_like.append((index, written))
            written += 1
        return written

    def op_bytes(index, rng):
        op = rng.randrange(10)
        try:
            if op < 3:
                buffer.extend(b"abcd")
            elif op == 3:
                del buffer[: rng.randrange(5)]
            elif op == 4:
                with memoryview(buffer) as view:
                    bytes(view[:10]), len(view)
                    if len(view):
                        view[0] = 97
                    view.tolist(), view.hex()
            elif op == 5:
                buffer[3:7] = b"zzzzzz"
            elif op == 6:
                buffer.pop(), buffer.append(98), buffer.insert(2, 97)
            elif op == 7:
                buffer.clear() if len(buffer) > 3000 else buffer.reverse()
            else:
                bytes(buffer).find(b"c"), buffer.replace(b"a", b"b"), buffer.upper(), buffer + b"1", buffer == b"1"
        except (BufferError, IndexError, ValueError):
            pass

    def op_array(index, rng):
        try:
            op = rng.randrange(8)
            if op < 3:
                numbers.append(index)
            elif op == 3:
                numbers.pop()
            elif op == 4:
                assert all(type(n) is int for n in numbers)
            elif op == 5:
                numbers.extend(numbers[:3])
            elif op == 6:
                with memoryview(numbers) as view:
                    view.tolist()
            else:
                del numbers[rng.randrange(20):]
        except (BufferError, IndexError):
            pass

    def op_files(index, rng):
        op = rng.randrange(8)
        try:
            if op < 2:
                file.write(b"data")
            elif op == 2:
                file.seek(rng.randrange(50))
                assert set(file.read(20)) <= set(b"xdata\0")
            elif op == 3:
                file.truncate(60)
            elif op == 4:
                assert file.getvalue() is not None
                with file.getbuffer() as view:
                    bytes(view)
            elif op == 5:
                text.write("line\n")
                text.seek(0)
            elif op == 6:
                text.readline(), text.read(3), text.tell()
            else:
                text.getvalue(), list(text)[:2]
                text.seek(0)
                text.truncate(rng.randrange(100))
        except (BufferError, ValueError):
            pass

    def op_random(index, rng):
        assert 0 <= dice.random() < 1
        assert 0 <= dice.getrandbits(40) < 1 << 40
        dice.choice(range(10)), dice.shuffle([1, 2, 3])
        if rng.random() < 0.05:
            dice.seed(3)
            dice.setstate(dice.getstate())

    def op_cache(index, rng):
        n = rng.randrange(30)
        assert cached(n) == (n, n * n)
        assert unbounded(n) == [n] and deep(30) == 832040
        cached.cache_info()
        if rng.random() < 0.02:
            cached.cache_clear(), unbounded.cache_clear(), deep.cache_clear()

    def op_text(index, rng):
        n = rng.randrange(1000)
        match = pattern.match(f"name-{n}")
        assert match.groups() == ("name", str(n))
        assert pattern.sub(r"\2", f"x a-{n} y") == f"x {n} y"
        assert json.loads(json.dumps({"n": [n, None, "ä"], "x": 1.5})) == {"n": [n, None, "ä"], "x": 1.5}
        assert pickle.loads(pickle.dumps([n, (n, "x"), {n}])) == [n, (n, "x"), {n}]
        assert packer.unpack(packer.pack(n, 1.5, n)) == (n, 1.5, n)
        assert "%s %5d" % ("a", n) == f"a {n:5d}" == "{} {:5d}".format("a", n)
        assert int(str(n ** 50)) == n ** 50

    def op_hash(index, rng):
        digest.update(b"x" * rng.randrange(5000))
        assert len(digest.copy().hexdigest()) == 64
        if zlib:
            assert zlib.decompress(zlib.compress(b"abc" * 500)) == b"abc" * 500
            crusher.compress(b"abc" * 100)

    def op_ordered(index, rng):
        n, op = rng.randrange(30), rng.randrange(8)
        try:
            if op < 3:
                ordered[n] = n
            elif op == 3:
                ordered.popitem(last=rng.random() < 0.5)
            elif op == 4:
                ordered.move_to_end(n, last=rng.random() < 0.5)
            elif op == 5:
                del ordered[n]
            elif op == 6:
                for key in ordered:
                    assert 0 <= key < 30
            else:
                for key, value in ordered.copy().items():
                    assert key == value
                repr(ordered), ordered == ordered
        except (KeyError, RuntimeError):
            pass
        counts.update([n])

    deque_like = []
    OPS = [op_bytes, op_array, op_files, op_random, op_cache, op_text, op_hash]
    if "OrderedDict" in vars(_collections):
        # The one in Python, which takes its place, needs a lock of its user's, as on every implementation.
        OPS.append(op_ordered)
    written = round.run(work)
    assert len(deque_like) == sum(written)
    assert all(ordered[key] == key for key in list(ordered))
    assert len(ordered) == len(list(ordered)) == len(list(reversed(ordered)))
