import csv, io
def read(*lines, **k):
    try:
        print(list(csv.reader(lines, **k)))
    except (csv.Error, ValueError) as e:
        print(type(e).__name__, e)
def write(*rows, **k):
    f = io.StringIO()
    try:
        csv.writer(f, **k).writerows(rows)
        print(ascii(f.getvalue()))
    except csv.Error as e:
        print(e)
read('a,"b""c",d', '"x\n', 'y",z')
read('"a"b'); read('"a"b', strict=True); read('a\rb'); read('"a', strict=True); read(b"a")
read('1,"a",,""', quoting=csv.QUOTE_STRINGS); read('1,"a",,""', quoting=csv.QUOTE_NOTNULL); read("x", quoting=csv.QUOTE_NONNUMERIC)
read("a\\,b,c\\", escapechar="\\"); read("a, \"b\"", skipinitialspace=True)
write([1, None, 'a"b', "c,d", "€"], [""], [None, None]); write(["a,b"], quoting=csv.QUOTE_NONE); write(["a,b\\"], quoting=csv.QUOTE_NONE, escapechar="\\")
write([1, "a", None, 2.5], quoting=csv.QUOTE_STRINGS); write([""], quoting=csv.QUOTE_NONE); write(5)
for k in [dict(delimiter=""), dict(quotechar="ab"), dict(quoting=9), dict(delimiter="x", escapechar="x"), dict(lineterminator=1), dict(foo=1), dict(quotechar=None, quoting=1)]:
    try:
        csv.writer(io.StringIO(), **k)
    except (TypeError, ValueError) as e:
        print(type(e).__name__, e)
class Again:
    n = 0
    def __iter__(self): return self
    def __next__(self):
        self.n += 1
        if self.n == 1:
            next(r)
        return "a,b"
r = csv.reader(Again())
try:
    next(r)
except csv.Error as e:
    print(e)
# expect: [['a', 'b"c', 'd'], ['x\ny', 'z']]
# expect: [['ab']]
# expect: Error ',' expected after '"'
# expect: Error new-line character seen in unquoted field - do you need to open the file with newline=''?
# expect: Error unexpected end of data
# expect: Error iterator should return strings, not bytes (the file should be opened in text mode)
# expect: [[1.0, 'a', None, '']]
# expect: [['1', 'a', None, '']]
# expect: ValueError could not convert string to float: 'x'
# expect: [['a,b', 'c\n']]
# expect: [['a', 'b']]
# expect: '1,,"a""b","c,d",\u20ac\r\n""\r\n,\r\n'
# expect: need to escape, but no escapechar set
# expect: 'a\\,b\\\\\r\n'
# expect: '1,"a",,2.5\r\n'
# expect: single empty field record must be quoted
# expect: iterable expected, not int
# expect: TypeError "delimiter" must be a unicode character, not a string of length 0
# expect: TypeError "quotechar" must be a unicode character or None, not a string of length 2
# expect: TypeError bad "quoting" value
# expect: ValueError bad delimiter or escapechar value
# expect: TypeError "lineterminator" must be a string, not int
# expect: TypeError this function got an unexpected keyword argument 'foo'
# expect: TypeError quotechar must be set if quoting enabled
# expect: iterator has already advanced the reader
