import asyncio
async def add(a, b):
    await asyncio.sleep(0)
    return a + b
async def main():
    print(await add(1, 2))
    print(await asyncio.gather(add(1, 1), add(2, 2)))
    return "end"
print(asyncio.run(main()))
# expect: 3
# expect: [2, 4]
# expect: end
