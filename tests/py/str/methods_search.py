s = "abcabc"
print(s.find("b"), s.rfind("b"), s.find("z"), s.index("c", 3), s.count("a"), s.count(""), s.count("abc", 1), s.find("", 10), "".find(""))  # expect: 1 4 -1 5 2 7 1 -1 0
print(s.startswith(("x", "ab")), s.endswith("bc", 0, 3), s.startswith("", 7), "bc" in s, "" in "")  # expect: True True False True True
for f in (lambda: s.index("z"), lambda: s.rindex("z"), lambda: 1 in s, lambda: s.startswith(1), lambda: s.startswith((1,)), lambda: s.find(1)):
    try:
        f()
    except (ValueError, TypeError) as e:
        print(type(e).__name__, e)
        # expect: ValueError substring not found
        # expect: ValueError substring not found
        # expect: TypeError 'in <string>' requires string as left operand, not int
        # expect: TypeError startswith first arg must be str or a tuple of str, not int
        # expect: TypeError tuple for startswith must only contain str, not int
        # expect: TypeError find() argument 1 must be str, not int
