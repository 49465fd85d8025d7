"""Writes tests/data/template.txt: how CPython takes str.format templates and field names apart.

    python3.14 builtins/text/tests/gen_template.py
"""

import _string
import os
import random

HERE = os.path.dirname(os.path.abspath(__file__))
random.seed(8)


def hexes(s):
    return ".".join(f"{ord(c):x}" for c in s) or "-"


def template(s):
    parts = []
    try:
        for literal, name, spec, conversion in _string.formatter_parser(s):
            field = "~" if name is None else f"{hexes(name)}/{hexes(spec)}/{hexes(conversion or '')}"
            parts.append(f"{hexes(literal)}/{field}")
    except ValueError as e:
        parts.append("!" + hexes(str(e)))
    return ";".join(parts) or "-"


def field(s):
    parts = []
    try:
        first, rest = _string.formatter_field_name_split(s)
        parts.append(f"#{first}" if isinstance(first, int) else hexes(first))
        for attribute, key in rest:
            parts.append("." + hexes(key) if attribute else f"#{key}" if isinstance(key, int) else "[" + hexes(key))
    except ValueError as e:
        parts.append("!" + hexes(str(e)))
    return ";".join(parts)


def main():
    pieces = ["{", "}", "{{", "}}", "a", "0", "!", "r", ":", "[", "]", ".x", "{}", "{0}", "{a!r:>10}", "{:{w}}", "\u20ac", "{x[}]}"]
    names = ["a", "0", "12", ".", ".b", "[", "]", "[0]", "[k]", "[]", "9" * 30, "\u20ac", "x"]
    with open(os.path.join(HERE, "data", "template.txt"), "w", encoding="ascii") as out:
        for _ in range(1500):
            s = "".join(random.choice(pieces) for _ in range(random.randrange(1, 7)))
            out.write(f"T {hexes(s)} {template(s)}\n")
        for _ in range(500):
            s = "".join(random.choice(names) for _ in range(random.randrange(0, 6)))
            out.write(f"F {hexes(s)} {field(s)}\n")


if __name__ == "__main__":
    main()
