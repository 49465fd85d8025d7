# Scripts and functions run in the namespaces of their interpreters; results and exceptions come back as data.
from concurrent import interpreters

a = interpreters.create()
b = interpreters.create()
a.exec("x = 'in a'")
b.exec("x = 'in b'")
a.exec("print(x, __name__)")
b.exec("print(x, __name__)")


def add(p, q, *rest, **named):
    return p, q, rest, named


print(a.call(add, 1, 2, 3, k=[4]))
print(a.call(divmod, 17, 5))
print(a.call(eval, "x"), b.call(eval, "x"))


def same(v):
    return v


for v in [None, True, 2**62, -1.5, "sn\xf6w \u2603 \U0001f40d \ud800", b"\0\xff", (1, ("a", ())), {"k": {1, 2}}, 2**100]:
    got = a.call(same, v)
    assert got == v and type(got) is type(v), (got, v)

data = bytearray(b"abcd")


def shout(m):
    m[0] = 65
    return bytes(m)


print(a.call(shout, memoryview(data)), data)


def fails():
    raise LookupError("nothing here")


try:
    a.call(fails)
except interpreters.ExecutionFailed as e:
    print(e.excinfo.type.__name__, e.excinfo.msg)
    print(e.excinfo.errdisplay.splitlines()[-1])

for bad in [lambda: same, lambda: (lambda q: lambda r: q)(1)]:
    try:
        a.call(bad(), 1)
    except interpreters.NotShareableError as e:
        print("refused:", e)
    else:
        print("fine")

a.prepare_main(y=3)
a.exec("print(x, y)")
try:
    b.exec("y")
except interpreters.ExecutionFailed as e:
    print(e.excinfo.formatted)
try:
    a.exec("x = (")
except SyntaxError as e:
    print(e.msg, e.filename)
a.close()
try:
    a.exec("x")
except interpreters.InterpreterNotFoundError as e:
    print("gone")
b.close()
print(interpreters.list_all())
# expect: in a __main__
# expect: in a 3
# expect: in b __main__
# expect: (1, 2, (3,), {'k': [4]})
# expect: (3, 2)
# expect: in a in b
# expect: b'Abcd' bytearray(b'Abcd')
# expect: LookupError nothing here
# expect: LookupError: nothing here
# expect: fine
# expect: refused: only stateless functions are shareable
# expect: NameError: name 'y' is not defined
# expect: '(' was never closed <script>
# expect: gone
# expect: [Interpreter(0)]
