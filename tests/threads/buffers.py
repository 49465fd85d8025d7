"""bytearray, memoryview, array, BytesIO, StringIO, struct and mmap under threads: exported buffers stay, content stays whole."""

import array
import io
import mmap
import struct

RACES = (BufferError, struct.error, ValueError, IndexError, TypeError, EOFError, OverflowError)


def ROUND(round):
    data = bytearray(b"ab" * 100)
    numbers = array.array("q", range(100))
    wide = array.array("w", "abc" * 10)
    memory = io.BytesIO(b"x" * 200)
    text = io.StringIO("x" * 100)
    lines = io.BytesIO(b"line\n" * 50)
    log = io.BytesIO()
    appended = array.array("l")
    grown = bytearray()
    mapped = mmap.mmap(-1, 4096)
    record = struct.Struct("<iqd8s")
    put = [0] * round.threads

    def work(index, rng):
        n = 0
        while round.go_on():
            op = rng.randrange(30)
            k = rng.randrange(100)
            try:
                if op == 0:
                    with memoryview(data) as view:
                        bytes(view[:10])
                        view[k] = 97
                elif op == 1:
                    data.extend(b"ab" * k) if len(data) < 2000 else data.clear()
                elif op == 2:
                    data.append(97)
                    data.pop()
                elif op == 3:
                    data[k:k + 5] = b"z" * k
                elif op == 4:
                    del data[::7]
                elif op == 5:
                    data.insert(k, 98), data.remove(97), data.reverse()
                elif op == 6:
                    data.find(b"ba"), data.replace(b"a", b"b"), data.split(b"b"), data.hex(), data.upper(), data.translate(None, b"z")
                elif op == 7:
                    b"".join([data, data]), data + data, data * 2, data == bytes(data), hash(bytes(data)), repr(data)
                elif op == 8:
                    for b in data:
                        assert 0 <= b < 256
                elif op == 9:
                    data.resize(k * 3)
                    data.translate(bytes(range(256)))
                    data[:] = b"ab" * k
                elif op == 10:
                    view = memoryview(numbers)
                    view.cast("B")[0:8].tolist(), view.tolist()[:3], view[k], view.hex()
                    view.release()
                elif op == 11:
                    numbers.append(k) if len(numbers) < 500 else numbers.__delitem__(slice(100, None))
                elif op == 12:
                    numbers.pop(k), numbers.insert(k, k), numbers.remove(k), numbers.index(k)
                elif op == 13:
                    numbers.extend(numbers) if len(numbers) < 300 else numbers.reverse()
                elif op == 14:
                    numbers.tobytes(), numbers.tolist(), numbers.byteswap(), numbers.byteswap()
                elif op == 15:
                    numbers[k:k + 3] = numbers[:3]
                    numbers + numbers, numbers * 2, numbers == numbers, repr(numbers), sum(numbers)
                elif op == 16:
                    wide.tounicode(), wide.append("d"), wide.pop()
                elif op == 17:
                    memory.seek(k), memory.write(b"y" * k)
                elif op == 18:
                    memory.seek(0), memory.read(), memory.read1(5), memory.readinto(bytearray(10))
                    assert memory.getvalue().strip(b"xy\0") == b""
                elif op == 19:
                    memory.truncate(k * 3), memory.tell()
                elif op == 20:
                    with memory.getbuffer() as view:
                        bytes(view[:5])
                        memory.getvalue()
                elif op == 21:
                    text.seek(k), text.write("y" * k), text.seek(0)
                    assert text.read().strip("xy\0") == ""
                elif op == 22:
                    text.truncate(k), text.getvalue(), text.readline(), text.tell()
                elif op == 23:
                    lines.seek(0)
                    for line in lines:
                        assert len(line) <= 5
                elif op == 24:
                    log.write(bytes([index]) * 10)
                    n += 1
                elif op == 25:
                    appended.append(index)
                    grown.extend(bytes([index]) * 3)
                    put[index] += 1
                elif op == 26:
                    mapped.seek(k), mapped.write(b"12345678"), mapped[k:k + 8], mapped.find(b"78"), mapped.read(5)
                elif op == 27:
                    record.pack_into(data, 0, k, k, k, b"abababab")
                    data[:] = b"ab" * 50
                elif op == 28:
                    record.unpack_from(memory.getvalue()), list(struct.iter_unpack("<i", bytes(40)))
                else:
                    int.from_bytes(data[:8]), bytes(data), str(data, "latin-1"), data.decode("latin-1"), float(b"1.5")
            except RACES:
                pass
        return n

    counts = round.run(work)
    whole = log.getvalue()
    parts = [whole[i:i + 10] for i in range(0, len(whole), 10)]
    assert all(p == p[:1] * 10 for p in parts), "writes to a BytesIO were mixed"
    assert [parts.count(bytes([i]) * 10) for i in range(round.threads)] == counts, "a write to a BytesIO was lost"
    assert [appended.count(i) for i in range(round.threads)] == put, "an append to an array was lost"
    assert [grown.count(bytes([i])) for i in range(round.threads)] == [3 * n for n in put], "an extend of a bytearray was lost"
    mapped.close()
