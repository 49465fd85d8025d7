print("a,b,,c".split(","), "  a  b ".split(), " a b c".split(None, 1), "a,b,c".rsplit(",", 1), "".split(), "".split(","))  # expect: ['a', 'b', '', 'c'] ['a', 'b'] ['a', 'b c'] ['a,b', 'c'] [] ['']
print("a\nb\r\nc\x0bd\u2028e".splitlines(), "a\n".splitlines(True), "abc".partition("b"), "abc".rpartition("x"))  # expect: ['a', 'b', 'c', 'd', 'e'] ['a\n'] ('a', 'b', 'c') ('', '', 'abc')
print("-".join("abc"), ", ".join(["x"]), "".join([]))  # expect: a-b-c x
for f in (lambda: "a".split(""), lambda: ",".join([1]), lambda: ",".join(1), lambda: "a".split(1), lambda: "a".partition(""), lambda: ",".join(["a", b"b"])):
    try:
        f()
    except (ValueError, TypeError) as e:
        print(type(e).__name__, e)
        # expect: ValueError empty separator
        # expect: TypeError sequence item 0: expected str instance, int found
        # expect: TypeError can only join an iterable
        # expect: TypeError must be str or None, not int
        # expect: ValueError empty separator
        # expect: TypeError sequence item 1: expected str instance, bytes found
