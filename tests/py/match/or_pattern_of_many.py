# A pattern may have any number of alternatives.
text = "|".join(map(str, range(100_000)))
space = {}
exec(f"def f(x):\n match x:\n  case {text}: return 'found'\n  case _: return 'not found'", space)
print(space["f"](99_999), space["f"](100_000))  # expect: found not found
