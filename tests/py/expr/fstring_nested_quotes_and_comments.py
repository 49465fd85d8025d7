d = {"k": "v"}
print(f"{d["k"]} {f"{f"{1 + 1}"}"}")  # expect: v 2
print(f"{  # expect: v
    d["k"]  # a comment
}")
print(f"{{}} {'\n'.join(['a', 'b'])!r}")  # expect: {} 'a\nb'
