"""Writes tests/data/codecs.txt: what CPython's codecs answer, and every call of the error handler.

    python3.14 builtins/text/tests/gen_codecs.py
"""

import codecs
import os
import random
import warnings

warnings.simplefilter("ignore")
HERE = os.path.dirname(os.path.abspath(__file__))
random.seed(3)
events = []
TABLE = "".join(map(chr, range(0x41, 0x90))) + "\ufffe\u20ac\U0001f600" + "\ufffe"


def hexes(s):
    return ".".join(f"{ord(c):x}" for c in s) or "-"


def bhex(b):
    return b.hex() or "-"


def log_decode(e):
    events.append((e.start, e.end, e.reason))
    return "<\u20ac>", e.end


def log_skip(e):
    events.append((e.start, e.end, e.reason))
    return "?", min(e.start + 1, len(e.object))


def log_text(e):
    events.append((e.start, e.end, e.reason))
    return "<?>", e.end


def log_bytes(e):
    events.append((e.start, e.end, e.reason))
    return b"\xff\xfe\xfd\xfc", e.end


def log_odd(e):
    events.append((e.start, e.end, e.reason))
    return b"\xff\xfe\xfd", e.end


def log_bad(e):
    events.append((e.start, e.end, e.reason))
    return "a\xe9", e.end


for f in (log_decode, log_skip, log_text, log_bytes, log_odd, log_bad):
    codecs.register_error(f.__name__, f)

DECODERS = {
    "utf8": codecs.utf_8_decode, "utf7": codecs.utf_7_decode,
    "utf16le": codecs.utf_16_le_decode, "utf16be": codecs.utf_16_be_decode, "utf16": codecs.utf_16_decode,
    "utf32le": codecs.utf_32_le_decode, "utf32be": codecs.utf_32_be_decode, "utf32": codecs.utf_32_decode,
    "ascii": lambda b, e, f: codecs.ascii_decode(b, e), "charmap": lambda b, e, f: codecs.charmap_decode(b, e, TABLE),
    "unicode_escape": codecs.unicode_escape_decode, "raw_unicode_escape": codecs.raw_unicode_escape_decode,
}
MAP = codecs.charmap_build(TABLE + "\ufffe" * (256 - len(TABLE)))
ENCODERS = {
    "utf8": codecs.utf_8_encode, "utf7": codecs.utf_7_encode, "utf16le": codecs.utf_16_le_encode,
    "utf16be": codecs.utf_16_be_encode, "utf16": codecs.utf_16_encode, "utf32le": codecs.utf_32_le_encode,
    "utf32be": codecs.utf_32_be_encode, "utf32": codecs.utf_32_encode, "ascii": codecs.ascii_encode,
    "latin1": codecs.latin_1_encode, "charmap": lambda s, e: codecs.charmap_encode(s, e, MAP),
    "unicode_escape": codecs.unicode_escape_encode, "raw_unicode_escape": codecs.raw_unicode_escape_encode,
}
ESCAPES = [b"\\x4", b"\\xe9", b"\\u20ac", b"\\u20", b"\\U0001f600", b"\\U00110000", b"\\U0001", b"\\N{DIGIT ONE}",
           b"\\N{NO}", b"\\N{", b"\\N", b"\\N{}", b"\\Nx", b"\\", b"\\\\", b"\\q", b"\\400", b"\\12", b"\\0", b"\\n",
           b"\\\n", b"a", b"z", b"\xe9", b"}", b"g", b"\\'", b'\\"', b"\\8", b"\\N{KEYCAP DIGIT ONE}", b"\\ud83d", b"\\7777"]


def data_for(name):
    n = random.randrange(1, 9)
    if "escape" in name:
        return b"".join(random.choice(ESCAPES) for _ in range(n))
    if name == "utf7":
        return b"".join(random.choice([b"+", b"-", b"a", b"/", b"+AGE-", b"+2D3eAA-", b"+2D0", b" ", b"\x80", b"+IKw", b"\\", b"~",
                                       b"AA", b"B", b"+-", b"!", b"\0"]) for _ in range(n))
    if name.startswith("utf16"):
        units = [0x41, 0xD800, 0xDC00, 0xDBFF, 0xDFFF, 0x20AC, 0xFEFF, 0xFFFE]
        b = b"".join(random.choice(units).to_bytes(2, random.choice(["little", "big"]) if name == "utf16" else
                                                   "little" if name == "utf16le" else "big") for _ in range(n))
        return b[:len(b) - random.choice([0, 0, 0, 1])]
    if name.startswith("utf32"):
        units = [0x41, 0xD800, 0xDFFF, 0x20AC, 0xFEFF, 0x110000, 0x1F600, 0xFFFE0000]
        b = b"".join(random.choice(units).to_bytes(4, random.choice(["little", "big"]) if name == "utf32" else
                                                   "little" if name == "utf32le" else "big") for _ in range(n))
        return b[:len(b) - random.choice([0, 0, 0, 1, 2, 3])]
    pool = [b"a", b"\x80", b"\xc3\xa9", b"\xe2\x82\xac", b"\xf0\x9f\x98\x80", b"\xe2", b"\xe2\x82", b"\xf0", b"\xf0\x9f",
            b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\xc0\x80", b"\xc1", b"\xf4\x90", b"\xf5", b"\xff", b"\xe0\x80", b"\xf0\x80", b"\xc3",
            b"\xed\xa0", b"O", b"P", b"Q", b"\x4f\x50"]
    return b"".join(random.choice(pool) for _ in range(n))


def text_for():
    pool = ["a", "+", "-", "\0", "\n", "~", "\\", "\x7f", "\xe9", "\xff", "\u0100", "\u20ac", "\ud800", "\udc80", "\udcff", "\udfff",
            "\U0001f600", "\U0010ffff", "A", "\x8f", "B", "/", "!", "\t", "'", '"', "\ufffe", "\ue000"]
    return "".join(random.choice(pool) for _ in range(random.randrange(0, 8)))


def run(f, *args):
    events.clear()
    try:
        out = f(*args)
    except UnicodeError as e:
        out = e
    log = ";".join(f"{a},{b},{hexes(r)}" for a, b, r in events) or "-"
    return out, log


STANDARD = ["strict", "ignore", "replace", "backslashreplace", "surrogateescape", "surrogatepass"]
ENCODINGS = {"utf8": "utf-8", "utf16le": "utf-16-le", "utf16be": "utf-16-be", "utf32le": "utf-32-le",
             "utf32be": "utf-32-be", "ascii": "ascii"}


def main():
    with open(os.path.join(HERE, "data", "codecs.txt"), "w", encoding="ascii") as out:
        for name, decode in DECODERS.items():
            for _ in range(250):
                data, last = data_for(name), random.random() < .5
                handler = random.choice(["log_decode", "log_skip"])
                (text, used), log = run(decode, data, handler, last)
                out.write(f"D {name} {handler} {int(last)} {bhex(data)} {log} {hexes(text)} {used}\n")
        for name, encode in ENCODERS.items():
            for _ in range(150):
                text, handler = text_for(), random.choice(["log_text", "log_text", "log_bytes", "log_odd", "log_bad"])
                got, log = run(encode, text, handler)
                shown = f"!{got.start},{got.end}" if isinstance(got, Exception) else bhex(got[0])
                out.write(f"E {name} {handler} {hexes(text)} {log} {shown}\n")
        for name, encoding in ENCODINGS.items():
            for _ in range(60):
                data, handler = data_for(name), random.choice(STANDARD)
                got, _ = run(data.decode, encoding, handler)
                shown = f"!{got.start},{got.end},{hexes(got.reason)}" if isinstance(got, Exception) else hexes(got)
                out.write(f"d {name} {handler} {bhex(data)} {shown}\n")
                text, handler = text_for(), random.choice(STANDARD + ["xmlcharrefreplace", "namereplace"])
                got, _ = run(text.encode, encoding, handler)
                shown = f"!{got.start},{got.end},{hexes(got.reason)}" if isinstance(got, Exception) else bhex(got)
                out.write(f"e {name} {handler} {hexes(text)} {shown}\n")
        for _ in range(300):
            data, errors = data_for("escape"), random.choice(["strict", "replace", "ignore"])
            try:
                shown = bhex(codecs.escape_decode(data, errors)[0])
            except ValueError as e:
                shown = "!" + hexes(str(e))
            out.write(f"x {errors} {bhex(data)} {shown}\n")
            out.write(f"X {bhex(data)} {bhex(codecs.escape_encode(data)[0])} {hexes(repr(data))}\n")


if __name__ == "__main__":
    main()
