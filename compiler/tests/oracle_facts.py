"""What CPython 3.14 knows of the files named on standard input: symbol tables (-s), code objects (-c), lines (-l).

    find LIB -name '*.py' | python3.14 oracle_facts.py -s > want
    find LIB -name '*.py' | cargo run --example facts -- -s > have
    diff want have
"""
import sys
import types
import warnings
import _symtable

warnings.simplefilter("ignore")
sys.set_int_max_str_digits(0)


def scope(table, depth):
    names = " ".join(f"{n}={f:#x}" for n, f in sorted(table.symbols.items()))
    print(f"{' ' * depth}{table.type} {table.name} line {table.lineno} nested {table.nested} {names}")
    for child in table.children:
        scope(child, depth + 1)


def lines(c):
    seen = sorted({p[0] for p in c.co_positions() if p[0]})
    print(f"{c.co_qualname} line {c.co_firstlineno}: {' '.join(map(str, seen))}")
    inner = [k for k in c.co_consts if isinstance(k, types.CodeType)]
    for k in sorted(inner, key=lambda k: (k.co_firstlineno, k.co_qualname)):
        lines(k)


def code(c):
    def join(names):
        return ",".join(sorted(names))
    doc = f"{len(c.co_consts[0].encode('utf-8', 'surrogatepass')):x}" if c.co_flags & 0x4000000 else "-"
    print(f"{c.co_name} {c.co_qualname} line {c.co_firstlineno} flags {c.co_flags:#x} "
          f"args {c.co_argcount}/{c.co_posonlyargcount}/{c.co_kwonlyargcount} vars {join(c.co_varnames)} "
          f"cells {join(c.co_cellvars)} free {join(c.co_freevars)} doc {doc}")
    inner = [k for k in c.co_consts if isinstance(k, types.CodeType)]
    for k in sorted(inner, key=lambda k: (k.co_firstlineno, k.co_qualname)):
        code(k)


for path in sys.stdin:
    path = path.strip()
    try:
        with open(path, encoding="utf-8", newline="") as f:
            source = f.read()
    except (OSError, UnicodeDecodeError):
        continue
    print("==", path)
    try:
        if sys.argv[1] == "-s":
            scope(_symtable.symtable(source, path, "exec"), 0)
        elif sys.argv[1] == "-l":
            lines(compile(source, path, "exec", dont_inherit=True))
        else:
            code(compile(source, path, "exec", dont_inherit=True))
    except Exception as e:
        print("error", getattr(e, "msg", e))
