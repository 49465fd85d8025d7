d = {"a": 1, "b": 2}
k, v, i = d.keys(), d.values(), d.items()
d["c"] = 3
print(k, v, i, len(k), "c" in k, ("a", 1) in i, k & {"a", "z"}, sorted(k | {"z"}), sorted(k - {"a"}), sorted(k ^ {"a", "q"}))  # expect: dict_keys(['a', 'b', 'c']) dict_values([1, 2, 3]) dict_items([('a', 1), ('b', 2), ('c', 3)]) 3 True True {'a'} ['a', 'b', 'c', 'z'] ['b', 'c'] ['b', 'c', 'q']
print(k == {"a", "b", "c"}, i == {("a", 1), ("b", 2), ("c", 3)}, v == d.values(), k.isdisjoint("xyz"), list(reversed(i)), k.mapping)  # expect: True True False True [('c', 3), ('b', 2), ('a', 1)] {'a': 1, 'b': 2, 'c': 3}
try:
    k.mapping["z"] = 1
except TypeError as e:
    print(e)  # expect: 'mappingproxy' object does not support item assignment
