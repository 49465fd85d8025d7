"""What CPython 3.14 says to the sources on standard input, which NUL bytes separate.

-w: its warnings; -i: what it says in an interactive console.
"""
import sys
import warnings

show_warnings = sys.argv[1:] == ["-w"]
for i, source in enumerate(sys.stdin.buffer.read().decode().split("\0")):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            if sys.argv[1:] == ["-i"]:
                compile(source, "f", "single", flags=0x4200, dont_inherit=True)
            else:
                compile(source, "f", "exec", dont_inherit=True)
        except SyntaxError as e:
            name = type(e).__name__.removeprefix("_").replace("IncompleteInput", "Incomplete")
            if name == "IncompleteError":
                print(i, name, e.msg)
                continue
            print(i, name, e.msg, e.lineno, e.offset, e.end_lineno, e.end_offset)
            continue
        except Exception as e:
            print(i, type(e).__name__, e)
            continue
    if show_warnings:
        for w in caught:
            print(i, "warning", w.lineno, w.message)
    else:
        print(i, "OK")
