from functools import reduce, partial, lru_cache, cached_property, singledispatch, total_ordering, wraps, cmp_to_key, Placeholder
@lru_cache(maxsize=2)
def sq(x):
    print("compute", x)
    return x * x
sq(2); sq(2); sq(3); sq(4); sq(2)
# expect: compute 2
# expect: compute 3
# expect: compute 4
# expect: compute 2
print(sq.cache_info())  # expect: CacheInfo(hits=1, misses=4, maxsize=2, currsize=2)
print(reduce(lambda a, b: a * b, [1, 2, 3, 4]), partial(pow, 2)(5), partial(pow, Placeholder, 2)(5), partial(int, base=2)("101"))  # expect: 24 32 25 5
class C:
    @cached_property
    def p(self): print("once"); return 1
c = C(); c.p; c.p  # expect: once
@singledispatch
def f(x): return "object"
@f.register
def _(x: int): return "int"
@f.register(list)
def _(x): return "list"
print(f("a"), f(1), f(True), f([]), sorted([3, 1, 2], key=cmp_to_key(lambda a, b: b - a)))  # expect: object int int list [3, 2, 1]
try:
    reduce(lambda a, b: a, [])
except TypeError as e:
    print(e)  # expect: reduce() of empty iterable with no initial value
