code = b"# -*- coding: latin-1 -*-\nx = '\xe9'\n"
ns = {}
exec(code, ns)
print(ns["x"])  # expect: é
exec(b"\xef\xbb\xbfy = '\xc3\xa9'", ns)
print(ns["y"])  # expect: é
for bad in (b"x = '\xff'", b"# coding: nope\nx", b"\xef\xbb\xbf# coding: latin-1\nx", b"a\0b"):
    try:
        compile(bad, "<s>", "exec")
    except SyntaxError as e:
        print(e.msg)
        # expect: Non-UTF-8 code starting with '\xff' on line 1, but no encoding declared; see https://peps.python.org/pep-0263/ for details
        # expect: unknown encoding: nope
        # expect: encoding problem: iso-8859-1 with BOM
        # expect: source code string cannot contain null bytes
