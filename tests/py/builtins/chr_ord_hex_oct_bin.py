print(chr(97), ord("😀"), hex(-255), oct(8), bin(-5), chr(0x10FFFF) == "\U0010ffff", ascii("é"))  # expect: a 128512 -0xff 0o10 -0b101 True '\xe9'
for f in (lambda: chr(-1), lambda: chr(0x110000), lambda: ord("ab"), lambda: ord(1), lambda: hex(1.5), lambda: chr("a"), lambda: ord(b"ab")):
    try:
        f()
    except (ValueError, TypeError, OverflowError) as e:
        print(type(e).__name__, e)
        # expect: ValueError chr() arg not in range(0x110000)
        # expect: ValueError chr() arg not in range(0x110000)
        # expect: TypeError ord() expected a character, but string of length 2 found
        # expect: TypeError ord() expected string of length 1, but int found
        # expect: TypeError 'float' object cannot be interpreted as an integer
        # expect: TypeError 'str' object cannot be interpreted as an integer
        # expect: TypeError ord() expected a character, but string of length 2 found
