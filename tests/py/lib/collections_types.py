from collections import namedtuple, deque, Counter, defaultdict, OrderedDict, ChainMap
P = namedtuple("P", "x y", defaults=[5])
p = P(1)
print(p, p._replace(x=2), p._asdict(), P._fields, p == (1, 5), P._make("ab"))  # expect: P(x=1, y=5) P(x=2, y=5) {'x': 1, 'y': 5} ('x', 'y') True P(x='a', y='b')
d = deque([1, 2, 3], maxlen=3)
d.append(4); d.appendleft(0); d.rotate(1)
print(d, d[0], d.popleft(), deque("ab") + deque("c"))  # expect: deque([0, 2], maxlen=3) 3 3 deque(['a', 'b', 'c'])
c = Counter("mississippi")
print(c.most_common(2), c["z"], c - Counter("miss"), c.total(), Counter(a=1) | Counter(a=3))  # expect: [('i', 4), ('s', 4)] 0 Counter({'i': 3, 's': 2, 'p': 2}) 11 Counter({'a': 3})
dd = defaultdict(list); dd["k"].append(1)
print(dd, dict(dd), ChainMap({"a": 1}, {"a": 2, "b": 3})["b"])  # expect: defaultdict(<class 'list'>, {'k': [1]}) {'k': [1]} 3
o = OrderedDict(a=1, b=2); o.move_to_end("a"); print(o, o.popitem(last=False), o == {"a": 1})  # expect: OrderedDict({'a': 1}) ('b', 2) True
for f in (lambda: P(), lambda: deque().pop(), lambda: namedtuple("X", "class"), lambda: namedtuple("X", "a a"), lambda: deque(maxlen=-1)):
    try:
        f()
    except (TypeError, IndexError, ValueError) as e:
        print(type(e).__name__, e)
        # expect: TypeError P.__new__() missing 1 required positional argument: 'x'
        # expect: IndexError pop from an empty deque
        # expect: ValueError Type names and field names cannot be a keyword: 'class'
        # expect: ValueError Encountered duplicate field name: 'a'
        # expect: ValueError maxlen must be non-negative
