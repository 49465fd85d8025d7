class OnlyEnter:
    def __enter__(self): return self
for v in (1, OnlyEnter()):
    try:
        with v: pass
    except TypeError as e:
        print(e)
        # expect: 'int' object does not support the context manager protocol (missed __exit__ method)
        # expect: 'OnlyEnter' object does not support the context manager protocol (missed __exit__ method)
class A:
    async def __aenter__(self): pass
    async def __aexit__(self, *a): pass
try:
    with A(): pass
except TypeError as e:
    print(e)  # expect: 'A' object does not support the context manager protocol (missed __exit__ method) but it supports the asynchronous context manager protocol. Did you mean to use 'async with'?
