# sys.monitoring: events of all code and of one code object, disabling them at a place, restarting.
import sys

M = sys.monitoring
E = M.events
M.use_tool_id(3, "case")


def f(n):
    for i in range(n):
        g(i)
    return n


def g(i):
    len("x")


lines = []
first = f.__code__.co_firstlineno


def on_line(code, line):
    lines.append(line - first)
    return M.DISABLE


M.register_callback(3, E.LINE, on_line)
M.set_local_events(3, f.__code__, E.LINE)
f(3)
f(3)
print(lines)  # expect: [1, 2, 3]
M.restart_events()
f(1)
print(lines)  # expect: [1, 2, 3, 1, 2, 3]
M.set_local_events(3, f.__code__, 0)

seen = []
M.register_callback(3, E.PY_START, lambda code, at: seen.append(("start", code.co_name)))
M.register_callback(3, E.PY_RETURN, lambda code, at, v: seen.append(("return", v)))
M.register_callback(3, E.CALL, lambda code, at, f, a: seen.append(("call", f.__name__)))
M.register_callback(3, E.C_RETURN, lambda code, at, f, a: seen.append(("c_return", f.__name__)))
M.set_events(3, E.PY_START | E.PY_RETURN | E.CALL | E.C_RETURN | E.C_RAISE)
f(1)
M.set_events(3, 0)
for e in seen[:-1]:
    print(*e)
# expect: call f
# expect: start f
# expect: call range
# expect: c_return range
# expect: call g
# expect: start g
# expect: call len
# expect: c_return len
# expect: return None
# expect: return 1

raised = []
M.register_callback(3, E.RAISE, lambda code, at, e: M.DISABLE)
M.set_events(3, E.RAISE)
try:
    [].pop()
except ValueError as e:
    print(e)  # expect: Cannot disable RAISE events. Callback removed.
M.set_events(3, 0)


def fail(*a):
    raise KeyError("from the tool")


M.register_callback(3, E.PY_RETURN, fail)
M.set_events(3, E.PY_RETURN)
try:
    g(1)
except KeyError as e:
    M.set_events(3, 0)
    print(e)  # expect: 'from the tool'
M.free_tool_id(3)
