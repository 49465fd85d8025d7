"""Operations on much text, many bytes and large containers, which run beside a collector that does not wait for them: results are whole."""

import array
import gc
import json
import re
import struct
import unicodedata

SIZE = 1 << 17


def ROUND(round):
    text = "The quick brown fox. " * (SIZE // 21)
    wide = text.replace("o", "\u0105").replace("e", "\xe9")
    astral = wide.replace("u", "\U0001F600")
    data = text.encode()
    mutable = bytearray(data)
    table = dict.fromkeys(range(SIZE // 4), 1)
    some = set(table)
    upper, words, fewer = text.upper(), len(text.split()), text.replace("fox", "")
    lines = data.replace(b". ", b".\n")

    def strings(rng):
        # Fresh operands, so that nothing but the operation keeps them.
        s = text + str(rng.random())
        assert s.startswith(text)
        assert text.upper() == upper and len(text.split()) == words and text.replace("fox", "") == fewer
        assert (s + s)[len(s):] == s and (s * 3)[len(s):-len(s)] == s
        assert s[::-1][::-1] == s and "".join([s, s, "x"]) == s + s + "x"
        assert s.find("zzz") == -1 and s.count("fox") == text.count("fox")
        assert s.translate({102: 103}) == s.replace("f", "g")
        assert eval(repr(s)) == s and ascii(s)[1:-1] == s
        assert len(s.partition("zzz")) == 3 and s.center(len(s) * 2).strip() == s.strip()
        assert hash(s) == hash("".join(s.split("fox ")[0:0]) + s[:10] + s[10:])

    def encodings(rng):
        s = rng.choice((text, wide, astral)) + str(rng.random())
        for name in ("utf-8", "utf-16", "utf-32-be", "utf-7", "unicode_escape"):
            assert s.encode(name).decode(name) == s, name
        assert text.encode("cp1252").decode("cp1252") == text
        assert len(s.encode("ascii", "replace")) == len(s)
        assert b"\xff".join([data, data]).decode("utf-8", "ignore") == text + text
        assert unicodedata.normalize("NFC", unicodedata.normalize("NFD", s)) == s
        assert json.loads(json.dumps(s)) == s

    def octets(rng):
        b = data + rng.randbytes(9)
        assert b[:-9] == data and (b * 2)[len(b):] == b and b.hex() == bytearray(b).hex()
        assert bytes.fromhex(b.hex()) == b and b[::-1][::-1] == b
        assert b.translate(bytes(range(256)), b"") == b and b"".join([b, b]) == b + b
        assert b.replace(b"fox", b"wolf").count(b"wolf") == data.count(b"fox")
        assert len(lines.splitlines()) == lines.count(b"\n") and len(lines.split()) == words
        assert bytes(memoryview(b)) == b and memoryview(b)[::2].tobytes() == b[::2]
        assert eval(repr(b)) == b and hash(b) == hash(bytes(bytearray(b)))
        a = array.array("B", b)
        assert a.tobytes() == b and bytes(a.tolist()) == b and a == array.array("B", a) and (a * 2)[len(b):] == a
        assert bytes(struct.unpack(f"{len(b)}B", b)) == b and memoryview(b).tolist() == list(b)

    def containers(rng):
        d = dict(table)
        d[-1] = rng.random()
        assert len(d) == len(table) + 1 and d | table == d and {**d} == d and dict(d) == d
        assert some | {-1} == set(d) and some & d.keys() == some and set(d) - some == {-1} and some ^ set(d) == {-1}
        i = list(d)
        assert i * 2 == i + i and tuple(i) * 2 == tuple(i + i) and sorted(i, reverse=True)[-1] == -1
        assert dict.fromkeys(some, 2).keys() == some

    def patterns(rng):
        assert re.sub("fox", "", text) == fewer and len(re.findall(r"\w+", text)) == words
        assert len(re.split(r"\s", text)) == words + 1 and re.sub(r"(\w)(\w)", r"\2\1", text) != text

    def shared(rng):
        mutable.replace(b"fox", b"cat"), mutable.find(b"zzz"), bytes(mutable), mutable.hex(), mutable + mutable
        if rng.random() < 0.3:
            mutable.clear()
            assert len(mutable.copy()) in (0, len(data))
            mutable[:] = data

    def compiled(rng):
        n = rng.randrange(1000)
        names = {}
        exec("\n".join(f"x{i} = [{i}, {n}]" for i in range(2000)), names)
        assert names["x1999"] == [1999, n]

    def work(index, rng):
        while round.go_on():
            op = rng.randrange(9)
            if op < 7:
                (strings, encodings, octets, containers, patterns, shared, compiled)[op](rng)
            elif op == 7:
                gc.collect(rng.randrange(3))
            else:
                [[i] for i in range(20000)]

    round.run(work)
