import re
m = re.match(r"(?P<y>\d{4})-(?P<m>\d\d)", "2026-11 rest")
print(m, m.group(), m["y"], m.groups(), m.groupdict(), m.span("m"), m.end(), m.lastgroup)  # expect: <re.Match object; span=(0, 7), match='2026-11'> 2026-11 2026 ('2026', '11') {'y': '2026', 'm': '11'} (5, 7) 7 m
print(re.findall(r"(\w)(\d)", "a1 b2"), re.sub(r"(\w+) (\w+)", r"\2 \g<1>", "ab cd"), re.split(r"(,)\s*", "a, b,c"), re.fullmatch("a+", "aab"), re.sub("x", lambda m: m[0].upper(), "axb"), re.subn("a", "b", "aa"))  # expect: [('a', '1'), ('b', '2')] cd ab ['a', ',', 'b', ',', 'c'] None aXb ('bb', 2)
print(re.search(r"(?<=a)b(?!c)", "abc abd").span(), re.findall(r"(?i)A|é", "aAÉ"), re.findall(r"^\w", "a\nb", re.M), re.match(r"(a|b)*?c", "ababc").group(1), re.findall(r"(?s)a.b", "a\nb"), re.match(r"(?>a+)b", "aab"), re.match(r"a++a", "aaa"))  # expect: (5, 6) ['a', 'A', 'É'] ['a', 'b'] b ['a\nb'] <re.Match object; span=(0, 3), match='aab'> None
print(re.compile("a", re.I | re.X), re.escape("a.b*c"), [m.start() for m in re.finditer("", "ab")])  # expect: re.compile('a', re.IGNORECASE|re.VERBOSE) a\.b\*c [0, 1, 2]
for p in ("(", ")", "[a", "*a", "a**", "(?P<1>a)", "(?P<a>x)(?P<a>y)", r"\1", "(?z)", "a{2,1}", r"(?<=a*)b", "[z-a]", "\\", "(?P=x)", r"\N{no such}"):
    try:
        re.compile(p)
    except re.PatternError as e:
        print(e)
        # expect: missing ), unterminated subpattern at position 0
        # expect: unbalanced parenthesis at position 0
        # expect: unterminated character set at position 0
        # expect: nothing to repeat at position 0
        # expect: multiple repeat at position 2
        # expect: bad character in group name '1' at position 4
        # expect: redefinition of group name 'a' as group 2; was group 1 at position 12
        # expect: invalid group reference 1 at position 1
        # expect: unknown extension ?z at position 1
        # expect: min repeat greater than max repeat at position 2
        # expect: look-behind requires fixed-width pattern
        # expect: bad character range z-a at position 1
        # expect: bad escape (end of pattern) at position 0
        # expect: unknown group name 'x' at position 4
        # expect: undefined character name 'no such' at position 0
