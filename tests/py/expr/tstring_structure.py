name, n = "World", 3
t = t"Hello {name!r:>10} and {n + 1}!"
print(type(t).__name__, t.strings, t.values)  # expect: Template ('Hello ', ' and ', '!') ('World', 4)
for i in t.interpolations:
    print(i.value, i.expression, i.conversion, repr(i.format_spec))
    # expect: World name r '>10'
    # expect: 4 n + 1 None ''
print([x if isinstance(x, str) else x.value for x in t])  # expect: ['Hello ', 'World', ' and ', 4, '!']
