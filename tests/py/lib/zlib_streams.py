import zlib
data = bytes(range(256)) * 200 + b"abc" * 5000
for wbits in (15, -15, 31):
    z = zlib.compress(data, wbits=wbits)
    print(zlib.decompress(z, wbits=wbits) == data, len(z) < len(data) // 10)
print(zlib.decompress(zlib.compress(b"auto", wbits=31), wbits=47), zlib.crc32(b"abc"), zlib.crc32(b"", 1 << 40), zlib.adler32(b"abc", -1))
z = zlib.compress(data)
d = zlib.decompressobj()
head = d.decompress(z, 100)
twin = d.copy()
print(len(head), d.unconsumed_tail == twin.unconsumed_tail != b"", d.eof)
print(d.flush() == twin.flush() == data[100:], d.eof, d.decompress is not None)
d = zlib.decompressobj()
print(d.decompress(z + b"rest") == data, d.unused_data, d.unconsumed_tail, d.eof, d.decompress(b"more"), d.unused_data)
c = zlib.compressobj(zdict=b"hello world")
z2 = c.compress(b"hello world!") + c.flush()
print(zlib.decompressobj(zdict=b"hello world").decompress(z2))
c = zlib.compressobj(9)
part = c.compress(data)
other = c.copy()
print(zlib.decompress(part + c.flush()) == zlib.decompress(part + other.flush()) == data)
q = zlib._ZlibDecompressor()
print(q.decompress(z, 5), q.needs_input, q.eof, len(q.decompress(b"")), q.eof, q.needs_input)
for f in (lambda: c.compress(b"x"), lambda: c.copy(), lambda: zlib.decompress(b"x"), lambda: zlib.decompress(b"xxxxx"), lambda: zlib.decompress(z[:-1]),
          lambda: zlib.decompress(z, wbits=99), lambda: zlib.compress(b"", 10), lambda: zlib.compressobj(method=9), lambda: zlib.decompressobj(zdict=5), lambda: q.decompress(b""),
          lambda: zlib.decompressobj().decompress(z, -1), lambda: zlib.decompressobj().flush(0), lambda: zlib.decompressobj().decompress(z2), lambda: zlib.crc32("a"), lambda: type(c)()):
    try:
        print("no error", f())
    except (zlib.error, ValueError, TypeError, EOFError) as e:
        print(type(e).__name__, e)
# expect: True True
# expect: True True
# expect: True True
# expect: b'auto' 891568578 0 42074420
# expect: 100 True False
# expect: True True True
# expect: True b'rest' b'' True b'' b'restmore'
# expect: b'hello world!'
# expect: True
# expect: b'\x00\x01\x02\x03\x04' False False 66195 True False
# expect: error Error -2 while compressing data: inconsistent stream state
# expect: ValueError Inconsistent stream state
# expect: error Error -5 while decompressing data: incomplete or truncated stream
# expect: error Error -3 while decompressing data: incorrect header check
# expect: error Error -5 while decompressing data: incomplete or truncated stream
# expect: error Error -2 while preparing to decompress data: inconsistent stream state
# expect: error Bad compression level
# expect: ValueError Invalid initialization option
# expect: TypeError zdict argument must support the buffer protocol
# expect: EOFError End of stream already reached
# expect: ValueError max_length must be non-negative
# expect: ValueError length must be greater than zero
# expect: error Error 2 while decompressing data
# expect: TypeError a bytes-like object is required, not 'str'
# expect: TypeError cannot create 'zlib.Compress' instances
