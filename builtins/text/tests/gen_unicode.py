"""Writes tests/data/unicode.txt: a CRC-32 of each property of all assigned planes, asked of CPython.

    python3.14 builtins/text/tests/gen_unicode.py
"""

import _sre
import os
import random
import unicodedata as ud
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
OLD = ud.ucd_3_2_0


def hexes(s):
    return ".".join(f"{ord(c):x}" for c in s)


def num(v):
    return "-" if v is None else str(v)


def real(v):
    return "-" if v is None else f"{v:.9e}"


PROPERTIES = {
    "alpha": lambda s: int(s.isalpha()), "alnum": lambda s: int(s.isalnum()),
    "decimal": lambda s: int(s.isdecimal()), "digit": lambda s: int(s.isdigit()),
    "numeric": lambda s: int(s.isnumeric()), "lower": lambda s: int(s.islower()),
    "upper": lambda s: int(s.isupper()), "title": lambda s: int(s.istitle()),
    "space": lambda s: int(s.isspace()), "printable": lambda s: int(s.isprintable()),
    "identifier": lambda s: int(s.isidentifier()), "continue": lambda s: int(("a" + s).isidentifier()),
    "linebreak": lambda s: int(len(("a" + s + "b").splitlines()) == 2),
    "recased": lambda s: int(_sre.unicode_iscased(ord(s))), "relower": lambda s: _sre.unicode_tolower(ord(s)),
    "to_lower": lambda s: hexes(s.lower()), "to_upper": lambda s: hexes(s.upper()),
    "to_title": lambda s: hexes(s.title()), "to_fold": lambda s: hexes(s.casefold()),
    "swap": lambda s: hexes(("A" + s + "\u03a3" + s + "b").swapcase()),
    "words": lambda s: hexes((s + "a\u03a3" + s + "\u03a3" + s + "b").title()),
    "lowers": lambda s: hexes((s + "\u03a3" + s + "\u03a3" + s + "b").lower()),
    "v_decimal": lambda s: num(ud.decimal(s, None)), "v_digit": lambda s: num(ud.digit(s, None)),
    "v_numeric": lambda s: real(ud.numeric(s, None)), "category": ud.category, "bidi": ud.bidirectional,
    "combining": ud.combining, "mirrored": ud.mirrored, "width": ud.east_asian_width,
    "decomposition": ud.decomposition, "name": lambda s: ud.name(s, "-"),
    "nfc": lambda s: hexes(ud.normalize("NFC", s)), "nfd": lambda s: hexes(ud.normalize("NFD", s)),
    "nfkc": lambda s: hexes(ud.normalize("NFKC", s)), "nfkd": lambda s: hexes(ud.normalize("NFKD", s)),
    "old_decimal": lambda s: num(OLD.decimal(s, None)), "old_digit": lambda s: num(OLD.digit(s, None)),
    "old_numeric": lambda s: real(OLD.numeric(s, None)), "old_category": OLD.category, "old_bidi": OLD.bidirectional,
    "old_combining": OLD.combining, "old_mirrored": OLD.mirrored, "old_width": OLD.east_asian_width,
    "old_decomposition": OLD.decomposition, "old_name": lambda s: OLD.name(s, "-"),
    "old_nfkc": lambda s: hexes(OLD.normalize("NFKC", s)), "old_nfd": lambda s: hexes(OLD.normalize("NFD", s)),
    "repr": lambda s: hexes(repr("a" + s + "'")), "ascii": lambda s: hexes(ascii("a" + s + '"')),
}


def main():
    with open(os.path.join(HERE, "data", "unicode.txt"), "w", encoding="ascii") as out:
        for name, f in PROPERTIES.items():
            crc = 0
            for at in (*range(0, 0x33000, 0x1000), 0xE0000, 0x10F000):
                text = "".join(f"{f(chr(c))}\n" for c in range(at, at + 0x1000))
                crc = zlib.crc32(text.encode("ascii"), crc)
            out.write(f"{name} {crc}\n")
    random.seed(5)
    marks = [c for c in range(0x110000) if ud.combining(chr(c))]
    others = [c for c in range(0x110000) if ud.decomposition(chr(c))] + list(range(0x1100, 0x1200)) * 5 \
        + list(range(0x41, 0x7B)) * 20 + list(range(0xAC00, 0xAC40))
    with open(os.path.join(HERE, "data", "normalize.txt"), "w", encoding="ascii") as out:
        for _ in range(600):
            s = "".join(chr(random.choice(marks if random.random() < .5 else others))
                        for _ in range(random.randrange(1, 9)))
            forms = [ud.normalize(form, s) for form in ("NFC", "NFD", "NFKC", "NFKD")] + [OLD.normalize("NFKC", s)]
            out.write(" ".join(map(hexes, [s, *forms])) + "\n")


if __name__ == "__main__":
    main()
