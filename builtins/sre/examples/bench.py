#!/usr/bin/env python3
"""Times CPython's engine on a few patterns and writes them for bench.rs, which times this one.

python3.14 bench.py > bench.txt && cargo run --release -p protopy-sre --example bench bench.txt
"""
import re
import sys
import time
from re import _compiler, _parser

WORDS = ('The quick brown fox, jumps over 13 lazy dogs; "she said \\"so\\"" at 10:45 on 2024-05-06. '
         'me@example.com Sherlock Holmes http://example.org/a/b?c=d \n')
TEXT = WORDS * 2000
WIDE = TEXT + '漢'
CASES = [
    ('literal', 'Holmez', 0, TEXT), ('literal, many', 'Holmes', 0, TEXT), ('literal, one char', 'z', 0, TEXT), ('literal, wide', 'Holmez', 0, WIDE),
    ('ignore case', 'holmes', re.I, TEXT), ('words', r'\w+', 0, TEXT), ('words, wide', r'\w+', 0, WIDE), ('word space word', r'\w+\s\w+', 0, TEXT),
    ('class run', '[a-z]+', 0, TEXT), ('dot star', '.*', 0, TEXT), ('dot star literal', '.*Holmes', 0, TEXT), ('lazy', 'The.*?Holmes', 0, TEXT),
    ('lazy class', r'\d[\w\s.]*?@', 0, TEXT), ('alternation', 'Sherlock|Watson|Holmes', 0, TEXT), ('alternation, 12', '|'.join('aa bb cc dd ee ff gg hh ii Sherlo fox dogs'.split()), 0, TEXT),
    ('groups', r'(\w+)@(\w+)\.(\w+)', 0, TEXT), ('date', r'(\d{4})-(\d\d)-(\d\d)', 0, TEXT), ('string', r'"(?:[^"\\]|\\.)*"', 0, TEXT),
    ('line', r'^.*$', re.M, TEXT), ('repeat group', r'(?:[a-z]+\s)+', 0, TEXT), ('repeat capture', r'(?:(\w)(\w)|\s)+', 0, TEXT), ('lookahead', r'\w+(?=,)', 0, TEXT),
    ('lookbehind', r'(?<=said )\S+', 0, TEXT), ('boundary', r'\b\w{5}\b', 0, TEXT), ('backref', r'(\w)\1', 0, TEXT), ('uri', r'[\w]+://[^/\s?#]+[^\s?#]+(?:\?[^\s#]*)?', 0, TEXT),
    ('possessive', r'(?:[a-z]++\s)++', 0, TEXT), ('backtracking', '(?:a|aa)+$', 0, 'a' * 27 + 'b'), ('backtracking 2', '(a+)+b', 0, 'a' * 21), ('backtracking 3', '(?:a*)*b', 0, 'a' * 21),
    ('quadratic', '.*.*x', 0, 'a' * 700), ('tokens', r'\s*(?:(\d+)|([A-Za-z_]\w*)|(\W))', 0, TEXT), ('tiny match', r'(\d+)-(\d+)', 0, '10-20'),
]


def main():
    for name, pattern, flags, text in CASES:
        compiled = re.compile(pattern, flags)
        code = list(map(int, _compiler._code(_parser.parse(pattern, flags), flags)))
        best, count = 1e9, 0
        repeats = 20000 if len(text) < 10 else 1
        for _ in range(3):
            start = time.perf_counter()
            for _ in range(repeats):
                scanner, count = compiled.scanner(text), 0
                search = scanner.search
                while search() is not None:
                    count += 1
            best = min(best, time.perf_counter() - start)
        kind = 'wide' if text is WIDE else 'text' if text is TEXT else text
        print(name, compiled.groups, ' '.join(map(str, code)), kind, count, repeats, best, sep='\t')
    print('TEXT', TEXT.encode().hex(), sep='\t')


main()
