import asyncio
async def work(n):
    try:
        await asyncio.sleep(n)
    except asyncio.CancelledError:
        print("cancelled", n)
        raise
async def main():
    try:
        async with asyncio.TaskGroup() as tg:
            tg.create_task(work(100))
            tg.create_task(fail())
    except* ValueError as e:
        print(repr(e.exceptions))
async def fail():
    await asyncio.sleep(0)
    raise ValueError("boom")
asyncio.run(main())
# expect: cancelled 100
# expect: (ValueError('boom'),)
