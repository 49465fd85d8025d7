from itertools import *
print(list(chain("ab", [1])), list(islice(count(5, 2), 3)), list(accumulate([1, 2, 3])), list(takewhile(lambda x: x < 3, range(9))), list(dropwhile(lambda x: x < 3, range(5))))  # expect: ['a', 'b', 1] [5, 7, 9] [1, 3, 6] [0, 1, 2] [3, 4]
print(list(product("ab", repeat=2))[:3], list(permutations("abc", 2))[:3], list(combinations("abc", 2)), list(combinations_with_replacement("ab", 2)), list(batched("abcde", 2)), list(pairwise("abc")))  # expect: [('a', 'a'), ('a', 'b'), ('b', 'a')] [('a', 'b'), ('a', 'c'), ('b', 'a')] [('a', 'b'), ('a', 'c'), ('b', 'c')] [('a', 'a'), ('a', 'b'), ('b', 'b')] [('a', 'b'), ('c', 'd'), ('e',)] [('a', 'b'), ('b', 'c')]
print([(k, list(g)) for k, g in groupby("aabbc")], list(zip_longest("ab", "c", fillvalue="-")), list(compress("abc", [1, 0, 1])), list(starmap(pow, [(2, 3)])), list(repeat("x", 2)), list(filterfalse(None, [0, 1])), list(islice(cycle("ab"), 5)), [list(t) for t in tee("ab")])  # expect: [('a', ['a', 'a']), ('b', ['b', 'b']), ('c', ['c'])] [('a', 'c'), ('b', '-')] ['a', 'c'] [8] ['x', 'x'] [0] ['a', 'b', 'a', 'b', 'a'] [['a', 'b'], ['a', 'b']]
for f in (lambda: islice([], -1), lambda: batched("a", 0), lambda: list(batched("abc", 2, strict=True)), lambda: combinations("a", -1), lambda: product(1)):
    try:
        f()
    except (ValueError, TypeError) as e:
        print(e)
        # expect: Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.
        # expect: n must be at least one
        # expect: batched(): incomplete batch
        # expect: r must be non-negative
        # expect: 'int' object is not iterable
