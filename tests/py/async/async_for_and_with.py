import asyncio
class Counter:
    def __init__(self, n): self.i, self.n = 0, n
    def __aiter__(self): return self
    async def __anext__(self):
        if self.i >= self.n: raise StopAsyncIteration
        self.i += 1
        return self.i
class CM:
    async def __aenter__(self): print("aenter"); return "cm"
    async def __aexit__(self, *a): print("aexit", a[0]); return True
async def main():
    async for x in Counter(2): print(x)
    else: print("else")
    async with CM() as c:
        print(c)
        raise ValueError
    print([x async for x in Counter(3) if x != 2], {x: await asyncio.sleep(0, x) async for x in Counter(2)})
asyncio.run(main())
# expect: 1
# expect: 2
# expect: else
# expect: aenter
# expect: cm
# expect: aexit <class 'ValueError'>
# expect: [1, 3] {1: 1, 2: 2}
