from contextlib import *
import io
@contextmanager
def cm(n):
    print("in", n)
    try:
        yield n
    except ValueError as e:
        print("swallow", e)
    finally:
        print("out", n)
with cm(1) as a:
    raise ValueError("v")
with ExitStack() as st:
    print([st.enter_context(cm(i)) for i in (2, 3)])
    st.callback(print, "callback")
with suppress(KeyError): {}["x"]
with redirect_stdout(io.StringIO()) as out: print("hidden")
print(repr(out.getvalue()))
@cm("deco")
def f(): print("body")
f()
@contextmanager
def bad():
    if False: yield
try:
    with bad(): pass
except RuntimeError as e:
    print(e)
# expect: in 1
# expect: swallow v
# expect: out 1
# expect: in 2
# expect: in 3
# expect: [2, 3]
# expect: callback
# expect: out 3
# expect: out 2
# expect: 'hidden\n'
# expect: in deco
# expect: body
# expect: out deco
# expect: generator didn't yield
