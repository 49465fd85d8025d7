class Suspend:
    def __await__(self):
        got = yield "suspended"
        return got * 2
async def co():
    return await Suspend() + 1
c = co()
print(c.send(None))  # expect: suspended
try:
    c.send(20)
except StopIteration as e:
    print(e.value)  # expect: 41
try:
    c.send(None)
except RuntimeError as e:
    print(e)  # expect: cannot reuse already awaited coroutine
