for src in ("(" * 1000 + ")" * 1000, "[" * 100000, "-" * 100000 + "1", "a" + ".b" * 100000, "1" + "+1" * 100000, "if 1:\n" * 0 + "x" + "()" * 50000):
    try:
        compile(src, "<s>", "eval")
    except (SyntaxError, RecursionError, MemoryError):
        pass
print("alive")  # expect: alive
