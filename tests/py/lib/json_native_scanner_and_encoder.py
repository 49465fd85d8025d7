import _json, json
from json import JSONDecodeError
for text in ['[1,', '[1,]', '[1 2]', '{"a"', '{"a":1,}', '{1:2}', '"abc', '"a\tb"', '"\\x"', '"\\u12zz"', '"\\ud800\\u12"', '[NaN, -Infinity, 1.5e3, -0, 1E400]', '"\\ud83d\\ude00\\ud800"', '{"é": 1, "é": 2, "k": [{"k": 3}]}']:
    try:
        print(ascii(json.loads(text)))
    except JSONDecodeError as e:
        print(e)
class I(int):
    def __repr__(self): return "I"
print(json.dumps([I(3), {I(3): 1, True: None, 1.5: float("inf")}, "é\x7f\"", (1, [])]), json.dumps({"b": [1, {}], "a": 2}, indent=1, sort_keys=True))
markers = {}
seen = []
def default(o):
    seen.append([type(v).__name__ for v in markers.values()])
    return 1
class C: pass
enc = _json.make_encoder(markers, default, json.encoder.encode_basestring, None, ":", ",", False, False, True)
print(enc([C(), {"a": C()}], 0), seen, markers)
loop = []; loop.append(loop)
for bad in [loop, {"a": [1, C()]}, {(1, 2): 3}, [float("nan")]]:
    try:
        json.dumps(bad, allow_nan=False)
    except (TypeError, ValueError) as e:
        print(e, getattr(e, "__notes__", None))
for deep in (lambda: json.loads("[" * 1000000), lambda: json.loads('{"a":' * 1000000)):
    try:
        deep()
    except RecursionError:
        print("deep")
# expect: Expecting value: line 1 column 4 (char 3)
# expect: Illegal trailing comma before end of array: line 1 column 3 (char 2)
# expect: Expecting ',' delimiter: line 1 column 4 (char 3)
# expect: Expecting ':' delimiter: line 1 column 5 (char 4)
# expect: Illegal trailing comma before end of object: line 1 column 7 (char 6)
# expect: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)
# expect: Unterminated string starting at: line 1 column 1 (char 0)
# expect: Invalid control character at: line 1 column 3 (char 2)
# expect: Invalid \escape: line 1 column 2 (char 1)
# expect: Invalid \uXXXX escape: line 1 column 3 (char 2)
# expect: Invalid \uXXXX escape: line 1 column 9 (char 8)
# expect: [nan, -inf, 1500.0, 0, inf]
# expect: '\U0001f600\ud800'
# expect: {'\xe9': 2, 'k': [{'k': 3}]}
# expect: [3, {"3": 1, "true": null, "1.5": Infinity}, "\u00e9\u007f\"", [1, []]] {
# expect:  "a": 2,
# expect:  "b": [
# expect:   1,
# expect:   {}
# expect:  ]
# expect: }
# expect: ('[1,{"a":1}]',) [['list', 'C'], ['list', 'dict', 'C']] {}
# expect: Circular reference detected ['when serializing list item 0']
# expect: Object of type C is not JSON serializable ['when serializing list item 1', "when serializing dict item 'a'"]
# expect: keys must be str, int, float, bool or None, not tuple None
# expect: Out of range float values are not JSON compliant: nan ['when serializing list item 0']
# expect: deep
# expect: deep
