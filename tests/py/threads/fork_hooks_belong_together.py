"""What runs after a fork belongs to what ran before it, also for hooks that another thread registers meanwhile."""

import os
import threading

depth = 0
trouble = []
done = False


def enter():
    global depth
    depth += 1


def leave():
    global depth
    depth -= 1


def register():
    for _ in range(200):
        os.register_at_fork(before=enter, after_in_parent=leave)
        if done:
            break


t = threading.Thread(target=register)
t.start()
for _ in range(20):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    if depth != 0:
        trouble.append(depth)
done = True
t.join()
print(trouble)  # expect: []

order = []
os.register_at_fork(before=lambda: order.append(1), after_in_parent=lambda: order.append("a"))
os.register_at_fork(before=lambda: order.append(2), after_in_child=lambda: order.append("child"))
os.register_at_fork(after_in_parent=lambda: order.append("b"))
pid = os.fork()
if pid == 0:
    os._exit(order != [2, 1, "child"])
print(os.waitpid(pid, 0)[1], order)  # expect: 0 [2, 1, 'a', 'b']
