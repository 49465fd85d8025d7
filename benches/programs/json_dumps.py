"""The json module: much of its work is in native code."""

import json


def main():
    record = {"id": 1, "name": "näme", "tags": ["a", "b", None, True], "nested": {"x": 1.5, "y": [1, 2, 3]}}
    data = [dict(record, id=i) for i in range(2_000)]
    size = 0
    for _ in range(5):
        text = json.dumps(data)
        size += len(text)
        assert json.loads(text) == data
    return size
