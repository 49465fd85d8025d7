"""A generator that delegates to an iterator that is no generator yields each time, for tools that watch."""

import sys


def plain():
    yield from range(2)


def outer():
    yield from plain()


class Awaitable:
    def __await__(self):
        return iter([1])


async def waits():
    await Awaitable()


told = []
names = {"plain", "outer", "waits"}
monitoring, tool = sys.monitoring, 3
monitoring.use_tool_id(tool, "case")
all_events = 0
for event in ("PY_START", "PY_RESUME", "PY_RETURN", "PY_YIELD"):
    number = getattr(monitoring.events, event)
    all_events |= number

    def callback(code, *rest, event=event):
        if code.co_name in names:
            told.append(f"{code.co_name} {event[3:].lower()}")

    monitoring.register_callback(tool, number, callback)
monitoring.set_events(tool, all_events)
list(plain())
print(told)  # expect: ['plain start', 'plain yield', 'plain resume', 'plain yield', 'plain resume', 'plain return']
told.clear()
next(outer())
print(told)  # expect: ['outer start', 'plain start', 'plain yield', 'outer yield']
told.clear()
coroutine = waits()
coroutine.send(None)
print(told)  # expect: ['waits start', 'waits yield']
coroutine.close()
monitoring.set_events(tool, 0)
monitoring.free_tool_id(tool)

told.clear()
sys.setprofile(lambda f, e, a: told.append(e) if f.f_code.co_name in names else None)
list(plain())
sys.setprofile(None)
print(told)  # expect: ['call', 'return', 'call', 'return', 'call', 'return']
