d = {"b": 1, "a": 2}
d["c"] = 3; d["b"] = 9; del d["a"]; d["a"] = 0
print(d, list(d), list(d.items()), list(reversed(d)), d | {"z": 1}, dict([("k", 1)], j=2), {**d})  # expect: {'b': 9, 'c': 3, 'a': 0} ['b', 'c', 'a'] [('b', 9), ('c', 3), ('a', 0)] ['a', 'c', 'b'] {'b': 9, 'c': 3, 'a': 0, 'z': 1} {'k': 1, 'j': 2} {'b': 9, 'c': 3, 'a': 0}
d |= [("q", 1)]; d.update({"r": 2}, s=3); print(d)  # expect: {'b': 9, 'c': 3, 'a': 0, 'q': 1, 'r': 2, 's': 3}
print(d.pop("q"), d.pop("nope", None), d.popitem(), d.setdefault("t", []), d.get("x"), d.get("x", 5), dict.fromkeys("ab", 0))  # expect: 1 None ('s', 3) [] None 5 {'a': 0, 'b': 0}
