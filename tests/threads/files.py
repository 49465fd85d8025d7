"""Files that threads share: each call is whole, and none is lost."""

import io
import os
import tempfile

RACES = (ValueError, OSError, io.UnsupportedOperation, EOFError)


def ROUND(round):
    folder = tempfile.mkdtemp()
    path = os.path.join(folder, "log")
    binary = open(path, "wb", buffering=64)
    written = os.path.join(folder, "text")
    text = open(written, "w", encoding="utf-8", buffering=100)
    with open(os.path.join(folder, "source"), "wb") as file:
        file.write(b"".join(b"%06d\n" % i for i in range(3000)))
    source = open(os.path.join(folder, "source"), "rb", buffering=70)
    readable = open(os.path.join(folder, "source"), encoding="ascii", buffering=90)
    both = open(os.path.join(folder, "both"), "w+b", buffering=50)
    pipe = os.pipe()
    out, into = os.fdopen(pipe[0], "rb"), os.fdopen(pipe[1], "wb", buffering=0)
    short = [open(path + "x", "w+") for _ in range(3)]

    def work(index, rng):
        n, lines = 0, []
        while round.go_on():
            op = rng.randrange(20)
            try:
                if op < 3:
                    binary.write(b"%02d:%08d\n" % (index, n))
                    text.write(f"{index:02}:{n:08}\n")
                    n += 1
                elif op < 6:
                    line = source.readline()
                    assert len(line) in (0, 7), line
                    if line:
                        lines.append(line)
                elif op == 6:
                    binary.flush(), text.flush()
                elif op == 7:
                    print(end="", file=text)
                elif op == 8:
                    both.seek(rng.randrange(100)), both.write(b"z" * rng.randrange(80))
                elif op == 9:
                    both.seek(0), both.read(rng.randrange(200)), both.peek(10), both.readinto(bytearray(30))
                elif op == 10:
                    both.truncate(rng.randrange(300)), both.tell(), repr(both)
                elif op == 11:
                    readable.readline(), readable.read(rng.randrange(50))
                elif op == 12:
                    readable.seek(0) if rng.random() < 0.3 else readable.tell()
                elif op == 13:
                    for _, _ in zip(range(5), readable):
                        pass
                elif op == 14:
                    file = rng.choice(short)
                    file.write("abc"), file.seek(0), file.read()
                elif op == 15 and rng.random() < 0.1:
                    at = rng.randrange(3)
                    short[at].close()
                    short[at] = open(path + "x", "w+")
                elif op == 16:
                    into.write(b"1234"), out.read(4)
                elif op == 17:
                    wrapper = io.TextIOWrapper(io.BytesIO(b"a\r\nb\r\n" * 10), newline=None)
                    assert wrapper.read() == "a\nb\n" * 10
                elif op == 18:
                    text.reconfigure(line_buffering=rng.random() < 0.1)
                else:
                    file = open(path + str(rng.randrange(3)), "a+")
                    file.write("x")
                    rng.random() < 0.5 and file.close()
            except RACES as error:
                text_ = str(error)
                assert "closed" in text_ or "tell" in text_ or "seek" in text_ or "raw" in text_ or "readline" in text_ \
                    or "reconstruct" in text_, error
        return n, lines

    results = round.run(work)
    binary.close(), text.close()
    expected = sorted(f"{i:02}:{n:08}\n" for i, (count, _) in enumerate(results) for n in range(count))
    with open(path) as file:
        assert sorted(file) == expected, "a write to a binary file was lost"
    with open(written) as file:
        assert sorted(file) == expected, "a write to a text file was lost"
    lines = [line for _, lines in results for line in lines]
    assert len(set(lines)) == len(lines), "a line was read twice"
    for file in [source, readable, both, out, into, *short]:
        file.close()
    for name in os.listdir(folder):
        os.unlink(os.path.join(folder, name))
    os.rmdir(folder)
