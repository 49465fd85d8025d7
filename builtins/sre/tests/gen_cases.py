#!/usr/bin/env python3
"""Writes the vectors that tests/vectors.rs replays: pattern code, subjects, and what CPython's engine says.

Run with CPython 3.14, LC_ALL=C:   python3.14 gen_cases.py [RANDOM_PATTERNS [SEED]] > vectors.txt

Lines:  P GROUPS WORDS         a pattern; words are hexadecimal, `w*n` for n equal ones
        S SUBJECT              a subject; anything but printable ASCII is `\\HEX;`
        MODE POS END RESULT    m(atch) f(ullmatch) s(earch) or i (finditer, results joined by `|`);
                               `-` is no match, else START,END;LASTINDEX;GROUP;...
        H LOWER UPPER CASED    sums over all code points of the case mappings
"""
import random
import re
import signal
import sys
import warnings
from re import _compiler, _parser

import _sre

sys.path.insert(0, re.__file__.rsplit('/', 2)[0])
warnings.simplefilter('ignore')
OUT = sys.stdout


def words(code):
    out = []
    i = 0
    while i < len(code):
        j = i
        while j < len(code) and code[j] == code[i]:
            j += 1
        out.append('%x*%d' % (code[i], j - i) if j - i > 2 else ' '.join(['%x' % code[i]] * (j - i)))
        i = j
    return ' '.join(out)


def text(s):
    cps = s if isinstance(s, bytes) else map(ord, s)
    return ''.join(chr(c) if 32 < c < 127 and c != 92 else '\\%x;' % c for c in cps)


def show(m):
    if m is None:
        return '-'
    spans = [','.join(map(str, span)) if span[0] >= 0 else '' for span in m.regs[1:]]
    return ';'.join(['%d,%d' % m.span(), str(m.lastindex or 0)] + spans)


class Slow(Exception):
    pass


def on_alarm(*_):
    raise Slow


signal.signal(signal.SIGALRM, on_alarm)


def emit(pattern, flags, subjects, ranges=((0, None),), modes='mfsi'):
    try:
        parsed = _parser.parse(pattern, flags)
        code = list(map(int, _compiler._code(parsed, flags)))
        compiled = re.compile(pattern, flags)
    except (re.error, OverflowError, RecursionError, ValueError):
        return
    lines = ['P %d %s' % (compiled.groups, words(code))]
    for s in subjects:
        if isinstance(s, bytes) != isinstance(pattern, bytes):
            s = s.encode('latin-1') if isinstance(s, str) else s.decode('latin-1')
        lines.append('S ' + text(s))
        for pos, end in ranges:
            end = len(s) if end is None else min(end, len(s))
            for mode in modes:
                signal.setitimer(signal.ITIMER_REAL, 0.3)
                try:
                    if mode == 'i':
                        r = '|'.join(show(m) for m in compiled.finditer(s, pos, end)) or '-'
                    else:
                        f = {'m': compiled.match, 'f': compiled.fullmatch, 's': compiled.search}[mode]
                        r = show(f(s, pos, end))
                except Slow:
                    return
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
                lines.append('%s %d %d %s' % (mode, pos, end, r))
    OUT.write('\n'.join(lines) + '\n')


def from_re_tests():
    from test.re_tests import tests
    for t in tests:
        if t[2] == 2:
            continue
        pattern, subject = t[0], t[1]
        emit(pattern, 0, [subject], ((0, None), (1, 3)), 'msi')
        emit(pattern, re.I, [subject], modes='si')
        try:
            emit(pattern.encode('latin-1'), 0, [subject.encode('latin-1')], modes='s')
        except UnicodeEncodeError:
            pass


WIDE = ['Straße GRÜN ςσΣ', 'k\u212a\u017fs ÅÅå', 'İıIi \u1e9eß', '٣٤ x１ \u2003y\u2028z', '𝐀𐐀𐐨𐐁 漢字', 'µμΜ ŉ ﬅﬆ',
        'ab\ud800c\udfff', '\x1c\x85\xa0 \u3000']
CHOSEN = [
    (r'\w+\s\w+', 0, ['hello world foo', ' a  b c'] + WIDE), (r'\W+', 0, WIDE), (r'\s+', 0, WIDE), (r'\S+\d', 0, WIDE + ['ab12 3']),
    (r'\d+', 0, WIDE), (r'\d+', re.A, WIDE), (r'[^\W\d_]+', 0, WIDE), (r'[\w\s]+?$', 0, WIDE), (r'\b\w', 0, WIDE + ['']),
    (r'\B', 0, ['', 'ab c', 'é']), (r'\b', 0, ['', 'ab c', 'é']), (r'\b', re.A, ['', 'ab c', 'éa']), (r'\B', re.A, ['éa', 'ab']),
    ('straße', re.I, WIDE), ('STRASSE', re.I, WIDE), ('ς+', re.I, WIDE), ('[ς]', re.I, WIDE), ('[^ς]+', re.I, WIDE), ('k+', re.I, WIDE),
    ('K+S', re.I, WIDE), ('[a-z]+', re.I, WIDE), ('[^k]+', re.I, WIDE), ('[^k]+', re.I | re.A, WIDE), ('å+', re.I, WIDE), ('i+', re.I, WIDE),
    ('İ', re.I, WIDE), ('ı', re.I, WIDE), ('[à-ÿ]+', re.I, WIDE), ('[\U00010400-\U00010410]+', re.I, WIDE), ('[\U00010428-\U00010438]+', re.I, WIDE),
    ('\U00010400', re.I, WIDE), ('[^\U00010400]+', re.I, WIDE), ('(.)\\1', re.I, WIDE + ['aAbBß']), ('(.)\\1', 0, ['aAbbß', '漢漢']),
    ('(.)\\1', re.I | re.A, ['aAbBéÉ']), ('[一-龥]+', 0, WIDE), ('[\u0400-\u04ff\u3040-\u30ffa-c\u2028]+', 0, WIDE), ('[^\u0400-\u04ff\u3040-\u30ffa-c\u2028]+', 0, WIDE),
    ('µ+', re.I, WIDE), ('ﬅ', re.I, WIDE), ('漢字', 0, WIDE), ('.*字', 0, WIDE), ('.*?字', 0, WIDE), ('[é漢]', 0, WIDE), ('x|漢|é', 0, WIDE),
    (b'[a-z]+\\b', re.L, [b'abC1', b'\xe9a_']), (b'[^a-c]x*\\B', re.L | re.I, [b'aBCD', b'\xe9\xc9ab']), (b'aB', re.L | re.I, [b'Ab', b'\xc1ab']),
    (b'(a.)\\1\\w+\\W', re.L | re.I, [b'aBAb1 ', b'\xe9ab']), (b'[^q]', re.L | re.I, [b'Qqx']), (b'\\w+', 0, [b'a\xe9b_']), (b'[^\\w]+', re.I, [b'a\xe9b_']),
    (r'a*', 0, ['baac', '', 'aaa']), (r'a*?', 0, ['baac', '']), (r'a*+', 0, ['baac']), (r'a|b|', 0, ['abc']), (r'(?:)', 0, ['ab', '']), (r'', 0, ['ab']),
    (r'^', 0, ['ab\ncd\n']), (r'^', re.M, ['ab\ncd\n', '\n\n']), (r'$', 0, ['ab\ncd\n', 'x']), (r'$', re.M, ['ab\ncd\n']), (r'\A', 0, ['ab']),
    (r'\Z', 0, ['ab\n']), (r'^\w', re.M, ['ab\ncd\n\nef']), (r'.+$', re.M, ['ab\ncd\n\nef']), (r'(?s).+$', 0, ['ab\ncd\n\nef']), (r'(^)b', re.M, ['b\nb']),
    (r'(?<=a)b|(?<!a)c', 0, ['abcac']), (r'(?<=^)a', 0, ['aa']), (r'(?<!..)c', 0, ['cccc']), (r'a(?=b(c))', 0, ['abc ab']), (r'(?!(a)b)\w', 0, ['abac']),
    (r'(a)?(?(1)b|c)', 0, ['abcac']), (r'(?:(a)|b)*', 0, ['abab', 'ba']), (r'((a)|(b))*', 0, ['abab', 'ba']), (r'(?:(a)|(b)|c)*?$', 0, ['abcab']),
    (r'(a*)*', 0, ['aab', 'b']), (r'(a*)+', 0, ['aab', 'b']), (r'(a|b*)*c', 0, ['aabbc']), (r'(?:a*?)*?b', 0, ['aab']), (r'(?:a?){3,5}?b', 0, ['aaaaab']),
    (r'(?:(\w)(?=.*\1))+', 0, ['abcabc']), (r'(?>a+)b', 0, ['aaab']), (r'(?>a|ab)c', 0, ['abc', 'ac']), (r'(?>(a)|(ab))*c', 0, ['aabc', 'aac']),
    (r'(?:ab|a)++b', 0, ['abab', 'aab']), (r'(?:(a)|(b)){2,3}+a?', 0, ['abab', 'bba', 'a']), (r'(?:a?)*+b', 0, ['aab']), (r'(?:)*+x', 0, ['x']),
    (r'(?:(a*)){2,}+b', 0, ['aab']), (r'x*+x', 0, ['xxx']), (r'x{2,3}+x', 0, ['xxxx', 'xxx']), (r'(?:xy){2}+', 0, ['xyxyxy']), (r'a{0,2}a', 0, ['aaa']),
    (r'a{2}', 0, ['aaaaa']), (r'a{,2}?b', 0, ['aaab']), (r'(?:a{1,2}){2}', 0, ['aaaaa']), (r'(?:ab){1,2}?c', 0, ['ababc']), (r'[^a]*a', 0, ['bbba', 'bbb']),
    (r'"(?:[^"\\]|\\.)*"', 0, ['x "a\\"b" y', '"abc']), (r'/\*.*?\*/', re.S, ['a /* b\n*/ c */']), (r'<(\w+)>.*?</\1>', 0, ['<a><b>x</b></a>']),
    (r'(\w+)@(\w+)\.com', 0, ['me@example.com, x@y.com']), (r'[a-z]+\d{2,4}', 0, ['abc1 de12345']), (r'foo|foobar|bar', 0, ['xfoobar bar']),
    (r'(?P<x>a)(?P=x)(?P<y>b)?', 0, ['aab', 'aa']), (r'[^\s\S]', 0, ['ab']), (r'[\s\S]+', 0, ['ab\n']), (r'[^\s\S]*a', 0, ['ba']), (r'(?!)', 0, ['a']),
    (r'a[^\s\S]|b', 0, ['ab']), (r'(?:a|b|c|d|e|f|g|h)*i', 0, ['abcdefghi', 'abcx']), (r'Python|Perl|Tcl', 0, ['I like Perl, Tcl']), (r'abcabd', 0, ['abcabcabd']),
    (r'(abc)abd', 0, ['abcabcabd']), (r'aab', 0, ['aaaaab']), (r'.*Python.*', 0, ['a Python b']), (r'(.*)(\d+)', 0, ['abc123']), (r'(.*?)(\d+)$', 0, ['abc123']),
    (r'(a+)(a*)\1', 0, ['aaaa']), (r'((x)|y)+\2', 0, ['xyx', 'xyxx']), (r'(?:(a)|(?=(b))b)+c?', 0, ['abab']), (r'(?:(?!(a)b).)*', 0, ['acab']),
    (r'(?:(a)(?!\1))+', 0, ['ab', 'aa']), (r'(?=(a+))a*b\1', 0, ['baaabac']), (r'(?=(a+))', 0, ['baaabac']), (r'(?i:a)b', 0, ['Ab', 'AB']),
    (r'(?:a(?-i:b))+', re.I, ['ABab', 'Abab']), (r'(x)?(y)?(?(2)a|b)', 0, ['xb', 'ya', 'yb']), (r'()*', 0, ['a']), (r'(()|a)+', 0, ['aa']),
    (r'(?:a|ab)(?:c|bcd)(?:d*)', 0, ['abcd']), (r'(?:(?:a|b)*c|[ab]*d)+', 0, ['abcabdab', 'ababab']), (r'\n', 0, ['a\nb']), (r'[\n]a', 0, ['a\na']),
    (r'.', 0, ['\n\r\u2028']), (r'[\udc00-\udfff]', 0, WIDE), ('\ud800', 0, WIDE), (r'(a)|b', 0, ['b', 'ab']), (r'(a)(b)?', 0, ['a', 'ab']), (r'((a)(b)?)', 0, ['a', 'ab']),
    ('|'.join('k%dx' % i for i in range(60)), 0, ['k59x k7x k60x']), (r'(?:%s)+' % '|'.join('abcdefghijklmnop'), 0, ['ponmlxab']),
    (r'(a(b(c(d)?)?)?)?', 0, ['abcd', 'abc', 'ab', 'a', '']), (r'(?:(a)b|(a)c|(a)d)+', 0, ['abacad', 'adab']),
    (r'(?P<a>.)(?P<b>.)(?P<c>.)?', 0, ['ab', 'abc']), (r'(?m)^\s*(\w+)\s*=\s*(.*?)\s*$', 0, ['a = b\n c=d e \n']),
]

ALPHABETS = ['ab', 'abc', 'aAb', 'a\n b', 'aé漢', 'kK\u212as\u017f', 'ab1_ ']


class Random:
    """Random patterns, most of them valid."""

    def __init__(self, rng):
        self.rng = rng
        self.groups = 0
        self.open = []
        self.alphabet = rng.choice(ALPHABETS)

    def char(self):
        c = self.rng.choice(self.alphabet)
        return c

    def atom(self, depth, fixed):
        r = self.rng
        k = r.random()
        if k < 0.4 or depth <= 0:
            return re.escape(self.char())
        if k < 0.45:
            return '.'
        if k < 0.5:
            return r.choice([r'\w', r'\W', r'\s', r'\S', r'\d', r'\D'])
        if k < 0.58:
            neg = r.choice(['', '', '^'])
            return '[%s%s]' % (neg, ''.join(re.escape(self.char()) for _ in range(r.randint(1, 3))))
        if k < 0.7:
            self.groups += 1
            n = self.groups
            self.open.append(n)
            body = self.alt(depth - 1, fixed)
            self.open.remove(n)
            return '(%s)' % body
        if k < 0.8:
            return '(?:%s)' % self.alt(depth - 1, fixed)
        if k < 0.84:
            return '(?>%s)' % self.alt(depth - 1, fixed)
        if k < 0.9:
            op = r.choice(['?=', '?!', '?<=', '?<!'])
            return '(%s%s)' % (op, self.alt(depth - 1, fixed or '<' in op))
        if k < 0.93:
            return r.choice(['^', '$', r'\b', r'\B', r'\A', r'\Z'])
        closed = [g for g in range(1, self.groups + 1) if g not in self.open]
        if closed and not fixed:
            g = r.choice(closed)
            if k < 0.97:
                return r'(?:\%d)' % g
            return '(?(%d)%s|%s)' % (g, self.seq(depth - 1, fixed), self.seq(depth - 1, fixed))
        return re.escape(self.char())

    def piece(self, depth, fixed):
        atom = self.atom(depth, fixed)
        if fixed or self.rng.random() < 0.55:
            return atom
        lo = self.rng.randint(0, 2)
        quant = self.rng.choice(['*', '+', '?', '*', '+', '?', '{%d}' % lo, '{%d,}' % lo, '{%d,%d}' % (lo, lo + self.rng.randint(0, 2))])
        return atom + quant + self.rng.choice(['', '', '', '?', '?', '+'])

    def seq(self, depth, fixed):
        return ''.join(self.piece(depth, fixed) for _ in range(self.rng.randint(0 if self.rng.random() < 0.2 else 1, 3)))

    def alt(self, depth, fixed):
        return '|'.join(self.seq(depth, fixed) for _ in range(1 if self.rng.random() < 0.6 else self.rng.randint(2, 4)))


def at_random(count, seed):
    rng = random.Random(seed)
    for _ in range(count):
        g = Random(rng)
        pattern = g.alt(rng.randint(1, 4), False)
        if len(pattern) > 90:
            continue
        flags = rng.choice([0, 0, 0, re.I, re.M, re.S, re.A, re.I | re.A])
        size = len(g.alphabet)
        subjects = []
        for _ in range(2):
            s = ''.join(rng.choice(g.alphabet) for _ in range(rng.randint(0, 3 + 14 // size)))
            subjects.append(s)
        lo = rng.randint(0, 2)
        ranges = ((0, None),) if rng.random() < 0.7 else ((lo, lo + rng.randint(0, 6)),)
        emit(pattern, flags, subjects, ranges, rng.choice(['fi', 'fi', 'ms']))


def sums():
    lower = upper = cased = 0
    for c in range(0x110000):
        lower = (lower * 31 + _sre.unicode_tolower(c)) % (1 << 32)
        upper = (upper * 31 + ord(chr(c).upper()[0])) % (1 << 32)
        cased = (cased * 31 + _sre.unicode_iscased(c)) % (1 << 32)
    OUT.write('H %d %d %d\n' % (lower, upper, cased))


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    sums()
    from_re_tests()
    for pattern, flags, subjects in CHOSEN:
        emit(pattern, flags, subjects, ((0, None), (1, 5)), 'mfsi')
    at_random(count, seed)


main()
