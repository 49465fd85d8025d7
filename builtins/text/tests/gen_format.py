"""Writes tests/data/format.txt and percent.txt: what CPython formats, or why it refuses.

    python3.14 builtins/text/tests/gen_format.py
"""

import os
import random
import struct

HERE = os.path.dirname(os.path.abspath(__file__))
random.seed(11)


def hexes(s):
    return ".".join(f"{ord(c):x}" for c in s) or "-"


def outcome(f, *args):
    try:
        return "=", f(*args)
    except (ValueError, OverflowError, TypeError) as e:
        return "!", str(e)


def spec():
    pick = lambda chance, xs: random.choice(xs) if random.random() < chance else ""
    s = ""
    if random.random() < .5:
        s += pick(.4, ["*", "0", "\u00e9", "\u20ac", "<", "{"]) + random.choice("<>^=")
    s += pick(.3, "+- ") + pick(.1, "z") + pick(.15, "#") + pick(.3, "0")
    s += pick(.6, ["1", "5", "9", "12", "20", "33"])
    s += pick(.25, [",", "_", ",", "_", ",_", "_,", ",,", "__"])
    if random.random() < .35:
        s += "." + pick(.9, ["0", "1", "3", "6", "17", "30"]) + pick(.25, [",", "_", ",_", "_,", ",,"])
    s += pick(.7, list("bcdeEfFgGnosxX%%ffgged") + ["q", "\u00e9", " ", "ab", "\x7f"])
    return s


FLOATS = [0.0, -0.0, 1.0, -1.5, 1e16, 1e15, 123456.789, 1e-5, 0.0001, 1e22, 5e-324, 1.7976931348623157e308,
          float("inf"), float("-inf"), float("nan"), 0.5, 2.5, -0.04, 99999.95, 1234567.0, 0.1, 1/3, 1e100, 9.995]


def a_float():
    if random.random() < .5:
        return random.choice(FLOATS)
    if random.random() < .3:
        return struct.unpack("<d", random.randbytes(8))[0]
    return random.choice([1, -1]) * random.random() * 10 ** random.randrange(-8, 25)


def main():
    with open(os.path.join(HERE, "data", "format.txt"), "w", encoding="ascii") as out:
        for i in range(6000):
            s = spec()
            kind = "sifc"[i % 4]
            if kind == "s":
                v = random.choice(["", "a", "hello world", "h\u00e9\u20ac", "\U0001f600x"])
                shown = hexes(v)
            elif kind == "i":
                v = random.choice([0, 1, -1, 255, 12345678, -1234567890123456789012, random.randrange(10 ** 9)])
                if s.endswith("c"):
                    v = abs(v) % 0x3000
                shown = str(v)
            elif kind == "f":
                v = a_float()
                shown = struct.pack(">d", v).hex()
            else:
                v = complex(a_float(), a_float())
                shown = struct.pack(">d", v.real).hex() + "/" + struct.pack(">d", v.imag).hex()
            mark, text = outcome(format, v, s)
            if s:
                out.write(f"{kind} {shown} {hexes(s)} {mark} {hexes(text)}\n")
        for _ in range(800):
            v = a_float()
            out.write(f"r {struct.pack('>d', v).hex()} - = {hexes(repr(v))}\n")
            w = complex(v, a_float())
            out.write(f"R {struct.pack('>d', v).hex()}/{struct.pack('>d', w.imag).hex()} - = {hexes(repr(w))}\n")
    with open(os.path.join(HERE, "data", "percent.txt"), "w", encoding="ascii") as out:
        for _ in range(2500):
            flags = "".join(random.sample("-+ #0", random.randrange(4)))
            s = "%" + flags + random.choice(["", "", "3", "12", "25"])
            s += random.choice(["", "", "", ".", ".0", ".3", ".14"]) + random.choice(["", "", "l"])
            code = random.choice("diuoxXeEfFgGsrc%")
            s = random.choice(["", "ab", "%%"]) + s + code + random.choice(["", "z\u20ac"])
            if code in "diuoxX":
                v = random.choice([0, 1, -1, 255, -12345678901234567890, random.randrange(10 ** 6)])
                kind, shown = "i", str(v)
            elif code in "eEfFgG":
                v = a_float()
                kind, shown = "f", struct.pack(">d", v).hex()
            elif code == "%":
                v, kind, shown = (), "s", "-"
            else:
                v = random.choice(["a", "\u20ac"] if code == "c" else ["", "a", "hello", "h\u00e9\u20ac"])
                kind, shown = "s", hexes(v)
            mark, text = outcome(s.__mod__, v)
            out.write(f"{kind} {shown} {hexes(s)} {mark} {hexes(text)}\n")
    parse = ["1", " 1.5\n", "1_000.2_5", "1__0", "_1", "1_", "1_.5", "1._5", ".5", "5.", ".", "", "+", "-", "e5", "1e5", "1E+5",
             "1e", "1e+", "1e_5", "1e5_0", "inf", "-Infinity", "+nan", "-nan", "infinit", "0x10", "\u0661\u0662.\u0665",
             "\u20031\u2003", "1\u00a0", "1 2", "\u0966e\u0967", "1e400", "-1e-400", "1\x00", "\x00", "--1", "+-1", "nan1",
             "1d", "1f", "9007199254740993", "2.2250738585072011e-308", "\u00b9", "\u2460", "i\u0307nf", "1.5.", "1.e5", ".e5", "1\u0661_\u0661"]
    with open(os.path.join(HERE, "data", "floats.txt"), "w", encoding="ascii") as out:
        for s in parse:
            mark, v = outcome(float, s)
            out.write(f"{hexes(s)} {struct.pack('>d', v).hex() if mark == '=' else '-'}\n")


if __name__ == "__main__":
    main()
