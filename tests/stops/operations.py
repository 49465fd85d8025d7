"""Runs operations on much data on one thread while another one collects, and tells what each took: `tests/stops.rs` reads it.

    protopy operations.py [PATTERN]

Before an operation its text goes to the error stream, where the runtime reports each stop that was long; after it its processor time in
milliseconds, as `= TIME`.
"""

import array
import base64
import binascii
import collections
import ctypes
import decimal
import functools
import gc
import hashlib
import heapq
import itertools
import json
import marshal
import math
import operator
import os
import pickle
import re
import struct
import sys
import threading
import time
import unicodedata
import zlib

SIZE = 10 << 20
ITEMS = 500_000

text = ("The quick brown fox jumps over the lazy dog. " * (SIZE // 45 + 1))[:SIZE]
wide = text[: SIZE // 2].replace("o", "\u1234").replace("e", "\xe9")
data = text.encode()
mutable = bytearray(data)
numbers = list(range(ITEMS))
strings = [str(n) for n in numbers]
floats = [float(n) for n in numbers]
table = dict.fromkeys(numbers, 1)
items = set(numbers)
records = [{"id": n, "name": f"n{n}", "v": [1.5, None, True], "d": {"a": n}} for n in range(ITEMS // 10)]
as_json, as_pickle, as_marshal = json.dumps(records), pickle.dumps(records), marshal.dumps(records)
source = "\n".join(f"x{n} = f({n}, 'a') + [1, 2, 3]" for n in range(ITEMS // 50))
packed = zlib.compress(data)
coded = base64.b64encode(data)
sys.set_int_max_str_digits(0)
nested, equal = (((tuple(map(str, range(300))),) * 100,) * 100 for _ in range(2))
big, other = (1 << 300_000) // 7, (1 << 300_000) // 11
digits = str(big)
names = dict.fromkeys(strings, 1)
decimal.setcontext(decimal.Context(prec=decimal.MAX_PREC, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN))
long_digits = "7" * (SIZE // 5)
long, half = decimal.Decimal(long_digits), decimal.Decimal("3" * (SIZE // 10))

OPERATIONS = """
text.replace("fox", "cat")
text.replace("e", "")
text.split()
text.split("fox")
text.splitlines()
text.translate({97: 98, 98: None})
text.encode("utf-16")
text.encode("cp1252")
text.find("zzz")
text.upper()
text.title()
text[::-1]
text * 3
text + text
repr(text)
eval(repr(text))
hash(text + "x")
"".join([text] * 5)
text.center(2 * SIZE)
str.maketrans(text, text)
wide.encode()
wide.encode().decode()
wide.encode("ascii", "xmlcharrefreplace")
wide.encode("utf-7")
wide.encode("unicode_escape")
wide.replace("fox", "cat")
wide.casefold()
ascii(wide)
unicodedata.normalize("NFD", wide)
unicodedata.normalize("NFC", wide)
data.replace(b"fox", b"wolf")
data.split()
data.translate(None, b"e")
data.decode("cp1252")
data.decode("utf-16", "replace")
data.hex(":")
bytes.fromhex(data.hex())
data[::2]
repr(data)
b"".join([data] * 5)
bytes(mutable)
memoryview(data).tolist()
memoryview(data)[::2].tobytes()
array.array("I", data).tolist()
array.array("B", data) == array.array("B", data)
array.array("B", data).count(7)
array.array("d", [1.5]) * SIZE
array.array("w", text)
struct.unpack(f"{SIZE}B", data)
re.sub("fox", "cat", text)
re.findall(r"\\w+", text)
re.sub(r"(\\w)(\\w)", r"\\2\\1", text)
re.search("(?:a|b)zzz", text)
dict(table)
table.copy()
table | table
{**table}
{}.update(table)
dict.fromkeys(table)
dict(zip(numbers, numbers))
table == dict(table)
table.keys() - table.keys()
collections.OrderedDict(table)
collections.Counter(numbers)
set(numbers)
items | items
items ^ items
items - items
set(range(ITEMS))
frozenset(items)
numbers * 3
numbers + numbers
numbers[::-1]
tuple(numbers)
nested == equal
heapq.heapify([nested, equal])
heapq.heapify(floats[:])
numbers.copy()
sorted(numbers, reverse=True)
sorted(strings)
sorted(numbers, key=operator.neg)
min(strings)
sum(floats)
math.fsum(floats)
collections.deque(itertools.repeat(1, 10 * ITEMS), maxlen=0)
sum(itertools.repeat(1, 10 * ITEMS))
any(itertools.repeat(0, 10 * ITEMS))
list(itertools.chain(numbers, numbers))
list(itertools.product(range(700), repeat=2))
collections.deque(numbers) * 2
list(map(str, numbers))
functools.reduce(operator.add, numbers)
repr(numbers)
str(table)
json.dumps(records)
json.loads(as_json)
json.dumps(text)
pickle.dumps(records)
pickle.loads(as_pickle)
marshal.dumps(records)
marshal.loads(as_marshal)
compile(source, "f", "exec")
big * other
str(big)
int(digits)
pow(3, 300_000)
math.factorial(20_000)
decimal.Decimal(digits) * 3
decimal.Decimal(long_digits)
long * long
divmod(long, half)
long + half
half.sqrt(decimal.Context(prec=SIZE // 50))
long.as_tuple()
decimal.Decimal((0, (7,) * (SIZE // 5), 3))
float(long)
hash(long)
str(long)
f"{long:,.10f}"
int(decimal.Decimal(digits))
decimal.Decimal(big)
decimal.Decimal((0, tuple(map(int, digits)), -90_000)).as_integer_ratio()
(lambda **k: 0)(**names)
gc.get_referrers(table)
gc.get_objects()
bytearray(data).append(1)
(ctypes.c_char * SIZE).from_buffer_copy(data)[:]
(ctypes.c_short * (SIZE // 4)).from_buffer_copy(data)[:]
hashlib.sha256(data)
zlib.compress(data)
zlib.decompress(packed)
zlib.crc32(data)
base64.b64encode(data)
base64.b64decode(coded)
binascii.hexlify(data)
"""


def run(operation, done):
    try:
        before = time.thread_time()
        operation()
        done.append(time.thread_time() - before)
    except BaseException as error:
        done.append(error)
        raise


def main():
    pattern = sys.argv[1] if len(sys.argv) > 1 else ""
    for line in OPERATIONS.strip().splitlines():
        if not re.search(pattern, line):
            continue
        operation = eval("lambda: " + line)
        gc.collect()
        print("+", line, file=sys.stderr, flush=True)
        done = []
        thread = threading.Thread(target=run, args=(operation, done))
        thread.start()
        while not done:
            gc.collect(0)
            time.sleep(0.002)
        thread.join()
        if isinstance(done[0], BaseException):
            os._exit(1)
        print("=", done[0] * 1000, file=sys.stderr, flush=True)
    print("ok")


main()
