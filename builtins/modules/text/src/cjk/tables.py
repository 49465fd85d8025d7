"""Writes tables.txt, the character tables of the codecs in this folder, from the codecs of the Python that runs this.

    python3 tables.py > tables.txt

A table begins with "@name" and, if it is a change to another one, the name of that: "@cp932 shift_jis". A line has a code in
hexadecimal digits and the characters from there on, one a code. A line "+code text" is for a code that stands for two
characters, "-code count" takes codes of the other table away, ">code text" is for characters that are encoded so although
the code is not decoded to them, or not only; with code 0 they are not encoded at all.
"""


def decode(data, encoding):
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def double(encoding, prefix=b"", leads=range(0x81, 0xFF), trails=range(0x30, 0xFF)):
    """The codes of two bytes, behind a prefix."""
    table = {}
    for lead in leads:
        if decode(bytes([lead]), encoding) is not None:
            continue
        for trail in trails:
            text = decode(prefix + bytes([lead, trail]), encoding)
            if text:
                table[lead << 8 | trail] = text
    return table


def seven_bits(escape, encoding):
    """The codes of a set of ISO 2022, with the highest bits that they have in EUC."""
    table = {}
    for lead in range(0x21, 0x7F):
        for trail in range(0x21, 0x7F):
            text = decode(escape + bytes([lead, trail]), encoding)
            if text:
                table[(lead << 8 | trail) | 0x8080] = text
    return table


def preferred(encoding, table, prefix=b""):
    """The characters that are not encoded as the first code that stands for them, or as none."""
    first = {}
    for code, text in sorted(table.items()):
        first.setdefault(text, code)
    want = {}
    for point in range(0x80, 0x110000):
        if 0xD800 <= point < 0xE000:
            continue
        try:
            data = chr(point).encode(encoding)
        except UnicodeEncodeError:
            if chr(point) in first:
                want[chr(point)] = 0
            continue
        data = data.removesuffix(b"\x1b(B")
        if len(data) == 2 + len(prefix) and data.startswith(prefix):
            code = int.from_bytes(data[-2:]) | 0x8080 * prefix.startswith(b"\x1b")
            if first.get(chr(point)) != code and code not in range(0x8EA1, 0x8EFF):
                want[chr(point)] = code
    return want


def to_shift_jis(table):
    """The codes of the rows of JIS X 0208 in Shift JIS."""
    out = {}
    for code, text in table.items():
        row, cell = (code >> 8) - 0xA1, (code & 0xFF) - 0xA1
        lead = (row >> 1) + (0x81 if row < 62 else 0xC1)
        trail = cell + 0x9F if row & 1 else cell + (0x40 if cell < 63 else 0x41)
        out[lead << 8 | trail] = text
    return out


def write(name, table, base=None, base_name=None, prefer=()):
    print("@" + name, *([base_name] if base_name else []))
    change = {c: t for c, t in table.items() if not base or base.get(c) != t}
    gone = sorted(set(base or ()) - set(table))
    while gone:
        n = 1
        while n < len(gone) and gone[n] == gone[0] + n:
            n += 1
        print(f"-{gone[0]:x} {n}")
        del gone[:n]
    for code, text in sorted(change.items()):
        if len(text) > 1:
            print(f"+{code:x} {text}")
    codes = sorted(c for c, t in change.items() if len(t) == 1)
    while codes:
        n = 1
        while n < len(codes) and codes[n] == codes[0] + n and codes[n] & 0xFF:
            n += 1
        print(f"{codes[0]:x} {''.join(change[c] for c in codes[:n])}")
        del codes[:n]
    for text, code in dict(prefer).items():
        print(f">{code:x} {text}")


def four_bytes():
    """The ranges of GB18030's codes of four bytes: number of the first code, first character, how many."""
    print("@gb18030-ranges")
    start = None
    for n in range(126 * 1260 // 4 + 8000):
        a, n1 = divmod(n, 12600)
        b, n2 = divmod(n1, 1260)
        c, d = divmod(n2, 10)
        if a > 3:
            break
        text = decode(bytes([0x81 + a, 0x30 + b, 0x81 + c, 0x30 + d]), "gb18030")
        point = ord(text) if text else None
        if start and point == start[1] + n - start[0]:
            continue
        if start:
            print(f"{start[0]:x} {start[1]:x} {n - start[0]:x}")
        start = (n, point) if text else None
    assert start is None


def main():
    high = range(0xA1, 0xFF)
    jis = double("euc_jp", leads=range(0xA1, 0xFF), trails=high)
    write("jisx0208", jis)
    supplement = double("euc_jp", b"\x8f", range(0xA1, 0xFF), high)
    write("jisx0212", supplement)
    first = double("euc_jis_2004", leads=range(0xA1, 0xFF), trails=high)
    write("jisx0213_1", first, jis, "jisx0208")
    second = seven_bits(b"\x1b$(P", "iso2022_jp_2004")
    write("jisx0213_2", second)
    euc_second = double("euc_jis_2004", b"\x8f", range(0xA1, 0xFF), high)
    prefer = preferred("euc_jis_2004", euc_second, b"\x8f")
    write("euc_jisx0213_2", euc_second, second, "jisx0213_2", prefer)
    old_first = double("euc_jisx0213", leads=range(0xA1, 0xFF), trails=high)
    write("jisx0213_1_2000", old_first, first, "jisx0213_1")
    old_second = seven_bits(b"\x1b$(P", "iso2022_jp_3")
    prefer = preferred("iso2022_jp_3", old_second, b"\x1b$(P")
    write("jisx0213_2_2000", old_second, second, "jisx0213_2", prefer)
    old_euc = double("euc_jisx0213", b"\x8f", range(0xA1, 0xFF), high)
    prefer = preferred("euc_jisx0213", old_euc, b"\x8f")
    write("euc_jisx0213_2_2000", old_euc, euc_second, "euc_jisx0213_2", prefer)

    shifted = to_shift_jis(jis)
    sjis = double("shift_jis")
    write("shift_jis", sjis, shifted, "jisx0208*", preferred("shift_jis", sjis))
    cp932 = double("cp932")
    write("cp932", cp932, sjis, "shift_jis", preferred("cp932", cp932))
    new = double("shift_jis_2004")
    write("shift_jis_2004", new, to_shift_jis(first), "jisx0213_1*", preferred("shift_jis_2004", new))
    old = double("shift_jisx0213")
    write("shift_jisx0213", old, new, "shift_jis_2004", preferred("shift_jisx0213", old))

    gb2312 = double("gb2312")
    write("gb2312", gb2312)
    gbk = double("gbk")
    write("gbk", gbk, gb2312, "gb2312", preferred("gbk", gbk))
    gb18030 = double("gb18030")
    write("gb18030", gb18030, gbk, "gbk", preferred("gb18030", gb18030))
    four_bytes()

    big5 = double("big5")
    write("big5", big5, prefer=preferred("big5", big5))
    cp950 = double("cp950")
    write("cp950", cp950, big5, "big5", preferred("cp950", cp950))
    hkscs = double("big5hkscs")
    write("big5hkscs", hkscs, big5, "big5", preferred("big5hkscs", hkscs))

    euc_kr = double("euc_kr")
    write("euc_kr", euc_kr, prefer=preferred("euc_kr", euc_kr))
    cp949 = double("cp949")
    write("cp949", cp949, euc_kr, "euc_kr", preferred("cp949", cp949))
    johab = double("johab")
    write("johab", johab, prefer=preferred("johab", johab))


main()
