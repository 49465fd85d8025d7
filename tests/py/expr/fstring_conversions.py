class C:
    def __repr__(self): return "repr é"
    def __str__(self): return "str é"
    def __format__(self, spec): return f"format<{spec}>"
c = C()
print(f"{c} {c!r} {c!s} {c!a} {c:x>{1 + 1}} {c!s:>7}")  # expect: format<> repr é str é repr \xe9 format<x>2>   str é
