import asyncio
async def agen():
    try:
        got = yield 1
        print("got", got)
        yield 2
    finally:
        print("cleanup")
async def main():
    g = agen()
    print(await g.asend(None), await g.asend("v"))
    await g.aclose()
    print([x async for x in agen()])
    g = agen()
    await anext(g)
    try:
        await g.athrow(KeyError("k"))
    except KeyError as e:
        print(repr(e))
    print(await anext(g, "default"))
asyncio.run(main())
# expect: got v
# expect: 1 2
# expect: cleanup
# expect: got None
# expect: cleanup
# expect: [1, 2]
# expect: cleanup
# expect: KeyError('k')
# expect: default
