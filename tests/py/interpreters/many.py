# Interpreters that have ended give their memory back.
from concurrent import interpreters


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * 4096


def cycle():
    i = interpreters.create()
    i.exec("data = [str(n) for n in range(20000)]")
    i.close()


for _ in range(3):
    cycle()
before = resident()
for _ in range(12):
    cycle()
grown = resident() - before
print(grown < 8 << 20 or grown)  # expect: True
