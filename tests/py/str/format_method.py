print("{1} {0} {0!r:>5}".format("a", "b"), "{} {}".format(1, 2), "{a.real} {b[k]} {c[0]}".format(a=5, b={"k": "v"}, c=[9]))  # expect: b a   'a' 1 2 5 v 9
print("{:{w}.{p}f}|{:>{w}}".format(3.14159, "x", w=8, p=2), "{{}} {}".format(1), "{:%Y}".format(__import__("datetime").date(2020, 1, 2)))  # expect:     3.14|       x {} 1 2020
for f in ("{} {0}", "{0} {}", "{", "}", "{a}", "{5}", "{0!x}", "{0!}", "{0[}", "{0.}", "{:d}"):
    try:
        print(f.format("s"))
    except (ValueError, KeyError, IndexError, AttributeError) as e:
        print(type(e).__name__, e)
        # expect: ValueError cannot switch from automatic field numbering to manual field specification
        # expect: ValueError cannot switch from manual field specification to automatic field numbering
        # expect: ValueError Single '{' encountered in format string
        # expect: ValueError Single '}' encountered in format string
        # expect: KeyError 'a'
        # expect: IndexError Replacement index 5 out of range for positional args tuple
        # expect: ValueError Unknown conversion specifier x
        # expect: ValueError unmatched '{' in format spec
        # expect: ValueError expected '}' before end of string
        # expect: ValueError Empty attribute in format string
        # expect: ValueError Unknown format code 'd' for object of type 'str'
