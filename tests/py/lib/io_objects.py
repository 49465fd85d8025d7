import io
s = io.StringIO("a\nb\n"); print(s.readlines(), s.tell(), s.seek(0), next(s)); s.close()
# expect: ['a\n', 'b\n'] 4 0 a
# expect:
b = io.BytesIO(b"abc"); b.seek(0, 2); b.write(b"d"); print(b.getvalue(), b.getbuffer()[0])  # expect: b'abcd' 97
t = io.TextIOWrapper(io.BytesIO(b"x\r\ny\rz"), encoding="utf-8"); print(list(t), t.newlines)  # expect: ['x\n', 'y\n', 'z'] ('\r', '\r\n')
t = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="backslashreplace", newline="\r\n"); t.write("é\n"); t.flush(); print(t.buffer.getvalue())  # expect: b'\\xe9\r\n'
for f in (lambda: s.read(), lambda: io.BytesIO().write("s"), lambda: io.StringIO().write(b"b"), lambda: io.StringIO().fileno()):
    try:
        f()
    except (ValueError, TypeError, OSError) as e:
        print(type(e).__name__, e)
        # expect: ValueError I/O operation on closed file
        # expect: TypeError a bytes-like object is required, not 'str'
        # expect: TypeError string argument expected, got 'bytes'
        # expect: UnsupportedOperation fileno
