v = 4.5
t = t"{v=} {v = :.2f}"
print(t.strings)  # expect: ('v=', ' v = ', '')
print([(i.expression, i.conversion, i.format_spec) for i in t.interpolations])  # expect: [('v', 'r', ''), ('v ', None, '.2f')]
