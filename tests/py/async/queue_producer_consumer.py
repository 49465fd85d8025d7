import asyncio
async def main():
    q = asyncio.Queue(2)
    async def produce():
        for i in range(4):
            await q.put(i)
        await q.put(None)
    async def consume():
        while (x := await q.get()) is not None:
            print("item", x)
    await asyncio.gather(produce(), consume())
asyncio.run(main())
# expect: item 0
# expect: item 1
# expect: item 2
# expect: item 3
