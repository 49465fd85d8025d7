a = 1
t = t"x{a}" t"y{a}z"
print(t.strings, t.values)  # expect: ('x', 'y', 'z') (1, 1)
print((t"a{a}" + t"b").strings)  # expect: ('a', 'b')
try:
    t"a" + "b"
except TypeError as e:
    print(e)  # expect: can only concatenate string.templatelib.Template (not "str") to string.templatelib.Template
