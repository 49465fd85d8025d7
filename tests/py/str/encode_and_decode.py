print("é€😀".encode(), "é".encode("latin-1"), "é€".encode("ascii", "replace"), "é€".encode("ascii", "xmlcharrefreplace"), "é€".encode("ascii", "backslashreplace"), "é".encode("utf-16-le"))  # expect: b'\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80' b'\xe9' b'??' b'&#233;&#8364;' b'\\xe9\\u20ac' b'\xe9\x00'
print(b"\xc3\xa9".decode(), b"\xff".decode("latin-1"), b"a\xffb".decode("utf-8", "replace"), repr(b"\xff".decode("utf-8", "surrogateescape")), b"\xff".decode(errors="ignore"))  # expect: é ÿ a�b '\udcff'
for f in (lambda: "é".encode("ascii"), lambda: b"\xff".decode(), lambda: b"\xc3".decode(), lambda: "\ud800".encode(), lambda: "a".encode("no-such"), lambda: b"\xe2\x82".decode("utf-8"), lambda: b"a\x80".decode("ascii"), lambda: "€é".encode("latin-1"), lambda: "a".encode("ascii", 1)):
    try:
        f()
    except (UnicodeError, LookupError, TypeError) as e:
        print(type(e).__name__, e)
        # expect: UnicodeEncodeError 'ascii' codec can't encode character '\xe9' in position 0: ordinal not in range(128)
        # expect: UnicodeDecodeError 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte
        # expect: UnicodeDecodeError 'utf-8' codec can't decode byte 0xc3 in position 0: unexpected end of data
        # expect: UnicodeEncodeError 'utf-8' codec can't encode character '\ud800' in position 0: surrogates not allowed
        # expect: LookupError unknown encoding: no-such
        # expect: UnicodeDecodeError 'utf-8' codec can't decode bytes in position 0-1: unexpected end of data
        # expect: UnicodeDecodeError 'ascii' codec can't decode byte 0x80 in position 1: ordinal not in range(128)
        # expect: UnicodeEncodeError 'latin-1' codec can't encode character '\u20ac' in position 0: ordinal not in range(256)
        # expect: TypeError encode() argument 'errors' must be str, not int
