print(repr("  x ".strip()), "xxaxx".strip("x"), "abcba".lstrip("ab"), "abc".rstrip("bc"), "a-a-a".replace("-", "+", 1), "aaa".replace("", "."))  # expect: 'x' a cba a a+a-a .a.a.a.
print("a".center(4, "*"), "ab".ljust(5, "."), "ab".rjust(5, "."), "-42".zfill(6), "+7".zfill(4), "a\tb".expandtabs(4))  # expect: *a** ab... ...ab -00042 +007 a   b
print("prefix-x".removeprefix("prefix-"), "x.py".removesuffix(".py"), "abc".removesuffix(""))  # expect: x x abc
try:
    "a".center(5, "ab")
except TypeError as e:
    print(e)  # expect: The fill character must be exactly one character long
