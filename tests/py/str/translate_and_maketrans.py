t = str.maketrans("abc", "xyz", "d")
print("aabbccdd".translate(t), "abc".translate({97: None, 98: "BB", 99: 0x43}), str.maketrans({"a": 1, 98: "q"}))  # expect: xxyyzz BBC {97: 1, 98: 'q'}
for a in (("ab", "c"), ({"ab": 1},), (1,)):
    try:
        str.maketrans(*a)
    except (ValueError, TypeError) as e:
        print(type(e).__name__, e)
        # expect: ValueError the first two maketrans arguments must have equal length
        # expect: ValueError string keys in translatetable must be of length 1
        # expect: TypeError if you give only one argument to maketrans it must be a dict
