import string, textwrap
print(string.Template("$a ${b} $$").substitute(a=1, b=2), string.ascii_lowercase[:3], string.capwords("ab cd"))  # expect: 1 2 $ abc Ab Cd
print(textwrap.fill("the quick brown fox jumps over", 12), textwrap.dedent("  a\n   b"), textwrap.shorten("hello big world", 11), textwrap.indent("a\nb", "> "))
# expect: the quick
# expect: brown fox
# expect: jumps over a
# expect:  b hello [...] > a
# expect: > b
try:
    string.Template("$a $").substitute(a=1)
except ValueError as e:
    print(e)  # expect: Invalid placeholder in string: line 1, col 4
