print("%s %r %d %5.2f %x %o %e %% %c %c" % ("s", "r", 42, 3.14159, 255, 8, 12345.678, "c", 65))  # expect: s 'r' 42  3.14 ff 10 1.234568e+04 % c A
print("%(a)s %(b)05d" % {"a": 1, "b": 2})  # expect: 1 00002
print("%-5s|%5s|%+d|% d|%#x|%.3s|%*d|%i|%u" % ("a", "b", 3, 4, 255, "abcdef", 6, 42, 7, 8))  # expect: a    |    b|+3| 4|0xff|abc|    42|7|8
for fmt, arg in (("%d", "a"), ("%s %s", 1), ("%s", (1, 2)), ("%q", 1), ("%", 1), ("%c", "ab"), ("%c", -1), ("%(a)s", 1), ("%(a)s", {}), ("%x", 1.5), ("%(a", {})):
    try:
        print(fmt % arg)
    except (TypeError, ValueError, KeyError, OverflowError) as e:
        print(type(e).__name__, e)
        # expect: TypeError %d format: a real number is required, not str
        # expect: TypeError not enough arguments for format string
        # expect: TypeError not all arguments converted during string formatting
        # expect: ValueError unsupported format character 'q' (0x71) at index 1
        # expect: ValueError incomplete format
        # expect: TypeError %c requires an int or a unicode character, not a string of length 2
        # expect: OverflowError %c arg not in range(0x110000)
        # expect: TypeError format requires a mapping
        # expect: KeyError 'a'
        # expect: TypeError %x format: an integer is required, not float
        # expect: ValueError incomplete format key
