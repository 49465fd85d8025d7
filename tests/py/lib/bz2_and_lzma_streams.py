import _bz2, _lzma, bz2, io, lzma, pickle, threading
data = bytes(range(256)) * 300 + b"abc" * 5000
for m in (bz2, lzma):
    z = m.compress(data)
    print(m.decompress(z + z) == data * 2, len(z) < len(data) // 10)
    d = m.BZ2Decompressor() if m is bz2 else m.LZMADecompressor()
    print(len(d.decompress(z, 10)), d.needs_input, d.eof)
    print(len(d.decompress(b"")) + 10 == len(data), d.needs_input, d.eof)
    d = type(d)()
    print(d.decompress(z + b"rest") == data, d.unused_data)
    for f in (lambda: d.decompress(b""), lambda: type(d)().decompress(b"x" * 40), lambda: pickle.dumps(d), lambda: m.decompress(z[:-5])):
        try:
            print("no error", f())
        except (EOFError, OSError, ValueError, TypeError, lzma.LZMAError) as e:
            print(type(e).__name__, e)
c = bz2.BZ2Compressor(1)
z = c.compress(data) + c.flush()
for f in (c.flush, lambda: c.compress(b""), lambda: bz2.BZ2Compressor(0)):
    try:
        f()
    except ValueError as e:
        print(e)
for k in (dict(format=99), dict(preset=1, filters=[]), dict(filters=[{}]), dict(filters=[{"id": 99}]), dict(filters=[{"id": lzma.FILTER_LZMA2, "foo": 1}]), dict(format=lzma.FORMAT_RAW), dict(check=2), dict(filters=[{"id": lzma.FILTER_DELTA, "dist": 0}])):
    try:
        lzma.LZMACompressor(**k)
    except (ValueError, lzma.LZMAError) as e:
        print(type(e).__name__, e)
chain = [{"id": lzma.FILTER_DELTA, "dist": 4}, {"id": lzma.FILTER_LZMA2, "preset": 2}]
raw = lzma.compress(data, format=lzma.FORMAT_RAW, filters=chain)
print(lzma.decompress(raw, format=lzma.FORMAT_RAW, filters=chain) == data)
print(_lzma._encode_filter_properties({"id": lzma.FILTER_LZMA1, "lc": 1}), _lzma._decode_filter_properties(lzma.FILTER_LZMA2, b"\x16"))
one = lzma.LZMACompressor()
ts = [threading.Thread(target=one.compress, args=(b"x" * 100000,)) for _ in range(4)]
for t in ts: t.start()
for t in ts: t.join()
one.flush()
# expect: True True
# expect: 10 False False
# expect: True False True
# expect: True b'rest'
# expect: EOFError End of stream already reached
# expect: OSError Invalid data stream
# expect: TypeError cannot pickle '_bz2.BZ2Decompressor' object
# expect: ValueError Compressed data ended before the end-of-stream marker was reached
# expect: True True
# expect: 10 False False
# expect: True False True
# expect: True b'rest'
# expect: EOFError Already at end of stream
# expect: LZMAError Input format not supported by decoder
# expect: TypeError cannot pickle '_lzma.LZMADecompressor' object
# expect: LZMAError Compressed data ended before the end-of-stream marker was reached
# expect: Repeated call to flush()
# expect: Compressor has been flushed
# expect: compresslevel must be between 1 and 9
# expect: ValueError Invalid container format: 99
# expect: ValueError Cannot specify both preset and filter chain
# expect: ValueError Filter specifier must have an "id" entry
# expect: ValueError Invalid filter ID: 99
# expect: ValueError Invalid filter specifier for LZMA filter
# expect: ValueError Must specify filters for FORMAT_RAW
# expect: LZMAError Unsupported integrity check
# expect: LZMAError Invalid or unsupported options
# expect: True
# expect: b'[\x00\x00\x80\x00' {'id': 33, 'dict_size': 8388608}
