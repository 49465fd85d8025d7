"""Strings that grow, regular expressions, json, csv, struct, random, zlib, hashes, pickle and others under threads."""

import bz2
import csv
import datetime
import decimal
import hashlib
import io
import itertools
import json
import pickle
import random
import re
import string
import sys
import zlib

RACES = (StopIteration, ValueError, zlib.error, RuntimeError)
pattern = re.compile(r"(?P<word>[a-z]+)-(\d+)")


def ROUND(round):
    shared = {"text": ""}
    rows = csv.reader("%d,%d" % (i, i) for i in range(100000))
    out = io.StringIO()
    writer = csv.writer(out)
    compressor = zlib.compressobj()
    expander = zlib.decompressobj()
    packed = zlib.compress(b"abc" * 1000)
    digest = hashlib.sha256()
    numbers = random.Random(1)
    scanner = pattern.scanner("ab-1 cd-2 " * 1000)
    matches = pattern.finditer("ab-1 cd-2 " * 5000)
    document = {"a": [1, 2.5, None], "b": {"c": "text"}}
    decoder, encoder = json.JSONDecoder(), json.JSONEncoder(indent=1, default=str)
    template = string.Template("$a ${b}")
    context = decimal.Context(prec=20)

    def work(index, rng):
        seen = []
        prefix = f"{index}:"
        local = prefix
        while round.go_on():
            op = rng.randrange(26)
            k = rng.randrange(100)
            try:
                if op == 0:
                    # The buffer that grows at its end is taken by several threads at once.
                    base = shared["text"]
                    mine = base
                    for _ in range(20):
                        mine += "abc"
                    assert mine == base + "abc" * 20 and mine.startswith(base)
                    shared["text"] = mine if len(mine) < 5000 else ""
                elif op == 1:
                    base = shared["text"]
                    mine = base
                    for _ in range(5):
                        mine += "äö€"
                    assert mine[len(base):] == "äö€" * 5 and mine[:len(base)] == base
                    shared["text"] = mine if len(mine) < 5000 else ""
                elif op == 2:
                    text = shared["text"]
                    assert len(text) == len(list(text)) and set(text) <= set("abcäö€😀")
                    hash(text), text.encode(), text.upper()
                elif op == 3:
                    local += str(k)
                    assert local.startswith(prefix)
                    if len(local) > 1000:
                        local = prefix
                elif op == 4:
                    a, b = next(rows)
                    assert a == b
                    seen.append(int(a))
                elif op == 5:
                    writer.writerow([index, index, 'q"uote'])
                elif op == 6:
                    compressor.compress(b"abc" * k)
                    if rng.random() < 0.1:
                        compressor.copy()
                elif op == 7:
                    expander.decompress(packed[:k])
                    zlib.decompress(packed)
                elif op == 8:
                    digest.update(b"abc" * k), digest.hexdigest(), digest.copy().digest()
                elif op == 9:
                    assert 0 <= numbers.random() < 1
                    numbers.randrange(10**20), numbers.shuffle([1, 2, 3]), numbers.getrandbits(100)
                elif op == 10:
                    numbers.setstate(numbers.getstate())
                elif op == 11:
                    m = scanner.search()
                    assert m is None or m["word"] in ("ab", "cd")
                elif op == 12:
                    m = next(matches)
                    assert m[0] in ("ab-1", "cd-2")
                elif op == 13:
                    pattern.sub(lambda m: m[2], "ab-1 x"), re.compile(f"{k}x*"), re.split("[,;]", "a,b;c"), re.match(f"({k})", str(k))
                elif op == 14:
                    decoder.decode(encoder.encode(document)), json.loads(json.dumps(document))
                elif op == 15:
                    document["a"].append(k) if len(document["a"]) < 50 else document["a"].clear()
                    document[f"k{k % 7}"] = {k: k}
                    document.pop(f"k{k % 5}", None)
                elif op == 16:
                    pickle.loads(pickle.dumps(document))
                elif op == 17:
                    pickle.Pickler(io.BytesIO()).dump(document["a"])
                elif op == 18:
                    template.substitute(a=1, b=k), f"{k:>10}{index!r}", "%s %d" % ("a", k), "{} {x}".format(1, x=k)
                elif op == 19:
                    decimal.Decimal(k) / 3 + context.sqrt(decimal.Decimal(k)), datetime.datetime.now().isoformat()
                elif op == 20:
                    datetime.datetime.strptime("2024-01-02", "%Y-%m-%d") + datetime.timedelta(k)
                elif op == 21:
                    bz2.decompress(bz2.compress(b"abc" * k))
                elif op == 22:
                    sys.intern(f"name{k}{index}"), sys.intern(f"name{k}"), int("9" * 50) ** k, str(10**k), float(str(k))
                elif op == 23:
                    "".join(itertools.repeat(shared["text"], 3)), shared["text"].split("a"), shared["text"].replace("b", "é")
                elif op == 24:
                    sorted([3, 1, 2], key=lambda n: -n), sorted(shared["text"])
                else:
                    eval(f"{k} + {index}"), compile(f"def f{k}(): return [x for x in range({k})]", "<text>", "exec")
            except RACES as error:
                text = str(error)
                assert not isinstance(error, RuntimeError) or "changed size" in text, error
        return seen

    results = round.run(work)
    seen = [n for r in results for n in r]
    assert len(seen) == len(set(seen)), "a row came twice"
    for row in csv.reader(io.StringIO(out.getvalue())):
        assert len(row) == 3 and row[0] == row[1], f"rows were mixed: {row}"
