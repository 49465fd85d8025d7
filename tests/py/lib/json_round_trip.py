import json
v = {"a": [1, 2.5, None, True, "é\n\u2028😀"], "b": {"c": []}}
print(json.dumps(v), json.dumps(v, ensure_ascii=False, separators=(",", ":")), json.loads(json.dumps(v)) == v)  # expect: {"a": [1, 2.5, null, true, "\u00e9\n\u2028\ud83d\ude00"], "b": {"c": []}} {"a":[1,2.5,null,true,"é\n 😀"],"b":{"c":[]}} True
print(json.dumps({"b": 1, "a": {}}, indent=2, sort_keys=True), json.dumps([float("inf"), float("nan")]), json.dumps({1: 2, None: 3, True: 4}))
# expect: {
# expect:   "a": {},
# expect:   "b": 1
# expect: } [Infinity, NaN] {"1": 4, "null": 3}
for s in ("", "[1,]", "{'a': 1}", '{"a" 1}', '"\n"', "[1 2]", "nul", '{"a": 1,}', '"\\x"', "1 2"):
    try:
        json.loads(s)
    except json.JSONDecodeError as e:
        print(e)
        # expect: Expecting value: line 1 column 1 (char 0)
        # expect: Illegal trailing comma before end of array: line 1 column 3 (char 2)
        # expect: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)
        # expect: Expecting ':' delimiter: line 1 column 6 (char 5)
        # expect: Invalid control character at: line 1 column 2 (char 1)
        # expect: Expecting ',' delimiter: line 1 column 4 (char 3)
        # expect: Expecting value: line 1 column 1 (char 0)
        # expect: Illegal trailing comma before end of object: line 1 column 8 (char 7)
        # expect: Invalid \escape: line 1 column 2 (char 1)
        # expect: Extra data: line 1 column 3 (char 2)
for v in ({1}, {(1,): 2}, float("nan")):
    try:
        json.dumps(v, allow_nan=False)
    except (TypeError, ValueError) as e:
        print(e)
        # expect: Object of type set is not JSON serializable
        # expect: keys must be str, int, float, bool or None, not tuple
        # expect: Out of range float values are not JSON compliant: nan
