x = """a
b\
c"""
print(repr(x))  # expect: 'a\nbc'
print('''it's "quoted"''', """x\"""y""")  # expect: it's "quoted" x"""y
