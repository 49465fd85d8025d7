a = bytearray(b"abc")
m = memoryview(a)
try:
    a.append(1)
except BufferError as e:
    print(e)  # expect: Existing exports of data: object cannot be re-sized
m.release()
a.append(100)
print(a)  # expect: bytearray(b'abcd')
