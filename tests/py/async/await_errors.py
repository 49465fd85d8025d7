import asyncio
async def f():
    for v in (1, [], object):
        try:
            await v
        except TypeError as e:
            print(e)
    try:
        async for x in [1]: pass
    except TypeError as e:
        print(e)
    try:
        async with 1: pass
    except TypeError as e:
        print(e)
    try:
        for x in agen(): pass
    except TypeError as e:
        print(e)
async def agen(): yield
asyncio.run(f())
# expect: 'int' object can't be awaited
# expect: 'list' object can't be awaited
# expect: 'type' object can't be awaited
# expect: 'async for' requires an object with __aiter__ method, got list
# expect: 'int' object does not support the asynchronous context manager protocol (missed __aexit__ method)
# expect: 'async_generator' object is not iterable
