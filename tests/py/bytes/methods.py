b = b"hello world"
print(b.upper(), b.split(), b.find(b"o"), b.find(111), b.replace(b"o", b"0"), b.startswith(b"he"), b.hex(" "), b.hex("-", 2), b.title(), b.center(15, b"*"))  # expect: b'HELLO WORLD' [b'hello', b'world'] 4 4 b'hell0 w0rld' True 68 65 6c 6c 6f 20 77 6f 72 6c 64 68-656c-6c6f-2077-6f72-6c64 b'Hello World' b'**hello world**'
print(b[0], b[1:3], b[::-1], list(b[:2]), 104 in b, b"wor" in b, b.count(b"o"), b.partition(b" "), bytes.fromhex("00 ff a1"), b.translate(None, b"l"))  # expect: 104 b'el' b'dlrow olleh' [104, 101] True True 2 (b'hello', b' ', b'world') b'\x00\xff\xa1' b'heo word'
for f in (lambda: b.find("o"), lambda: 256 in b, lambda: "a" in b, lambda: bytes.fromhex("0g"), lambda: bytes.fromhex("0"), lambda: b + "s", lambda: b.index(b"z"), lambda: b[100], lambda: b" ".join(["a"]), lambda: b"%d" % "x"):
    try:
        f()
    except (TypeError, ValueError, IndexError) as e:
        print(type(e).__name__, e)
        # expect: TypeError argument should be integer or bytes-like object, not 'str'
        # expect: ValueError byte must be in range(0, 256)
        # expect: TypeError a bytes-like object is required, not 'str'
        # expect: ValueError non-hexadecimal number found in fromhex() arg at position 1
        # expect: ValueError fromhex() arg must contain an even number of hexadecimal digits
        # expect: TypeError can't concat str to bytes
        # expect: ValueError subsection not found
        # expect: IndexError index out of range
        # expect: TypeError sequence item 0: expected a bytes-like object, str found
        # expect: TypeError %d format: a real number is required, not str
print(b"%s %d %x %a %b %c" % (b"s", 5, 255, "é", b"z", 65))  # expect: b"s 5 ff '\\xe9' z A"
