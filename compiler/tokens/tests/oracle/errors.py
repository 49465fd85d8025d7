"""Writes errors.txt: what CPython says of many wrong (and some right) programs.

    python3.14 tests/oracle/errors.py tests/oracle/programs.txt > tests/oracle/errors.txt

A program a line, as a Python string literal. Output lines: `S` the program, `E` the parser's error, `C` one of a later stage,
`O` none.
"""
import ast
import io
import sys
import warnings

warnings.simplefilter("ignore")


def esc(s):
    return str(s).replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def verdict(source):
    for tag, flags in (("E", ast.PyCF_ONLY_AST), ("C", 0)):
        try:
            compile(source, "<s>", "exec", flags)
        except SyntaxError as e:
            fields = (type(e).__name__, e.msg, e.lineno, e.offset, e.end_lineno, e.end_offset, e.text)
            return "\t".join([tag, *map(esc, fields)])
    return "O"


out = io.TextIOWrapper(sys.stdout.buffer, "utf-8", newline="\n")
for line in open(sys.argv[1], encoding="utf-8"):
    source = ast.literal_eval(line)
    try:
        result = verdict(source)
    except Exception:
        continue
    out.write(f"S {esc(source)}\n{result}\n")
out.flush()
