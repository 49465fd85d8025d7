"""Writes tokens.txt: what CPython's own tokenizer makes of many snippets.

    python3.14 tests/oracle/tokens.py tests/oracle/snippets.txt > tests/oracle/tokens.txt
    python3.14 tests/oracle/tokens.py --file NAME...      (the same for whole files, one setting after the other)

Lines of the output: `L` a line of input, `M 1|0` extra_tokens, `T` a token, `E` the error, `-` the end of a case.
"""
import _tokenize
import ast
import io
import sys
import warnings

warnings.simplefilter("ignore")


def esc(s):
    return s.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def case(lines, extra, out):
    it = iter(lines)
    for l in lines:
        out.write(f"L {esc(l)}\n")
    out.write(f"M {int(extra)}\n")
    last = None
    try:
        for t in _tokenize.TokenizerIter(lambda: next(it), extra_tokens=extra):
            line = "~" if t[4] == last else esc(t[4])
            last = t[4]
            out.write(f"T {t[0]} {t[2][0]} {t[2][1]} {t[3][0]} {t[3][1]}\t{esc(t[1])}\t{line}\n")
    except SyntaxError as e:
        place = e.args[1][1:] if len(e.args) > 1 else ()
        out.write("\t".join([f"E {type(e).__name__}", esc(e.args[0]), *(esc(str(p)) for p in place)]) + "\n")
    out.write("-\n")


def main():
    out = io.TextIOWrapper(sys.stdout.buffer, "utf-8", newline="\n")
    if sys.argv[1] == "--file":
        for name in sys.argv[2:]:
            with open(name, encoding="utf-8", newline="") as f:
                lines = f.readlines()
            case(lines, True, out)
            case(lines, False, out)
    else:
        for l in open(sys.argv[1], encoding="utf-8"):
            lines = ast.literal_eval(l)
            case(lines, True, out)
            case(lines, False, out)
    out.flush()


main()
