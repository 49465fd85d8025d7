# A limit on the process's addresses, set in its life or before, leaves room for all of it and ends in MemoryError.
import subprocess, sys

LIMITED = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
"""
BODY = """
import threading
exec("def f(" + ",".join("a%d" % i for i in range(20000)) + "): pass")
print(f.__code__.co_argcount)
nested = "".join(" " * i + "try:\\n" for i in range(99)) + " " * 99 + "pass\\n"
nested += "".join(" " * i + "finally: pass\\n" for i in reversed(range(99)))
try:
    exec(nested)
except SyntaxError as e:
    print(e.msg)
threads = [threading.Thread(target=list) for _ in range(8)]
for t in threads:
    t.start()
for t in threads:
    t.join()
try:
    bytearray(5 << 30)
except MemoryError:
    print("MemoryError")
kept = []
try:
    while True:
        kept.append(bytearray(200_000_000))
except MemoryError:
    kept.clear()
    print(len(list(range(1000))))
"""
p = subprocess.run([sys.executable, "-c", LIMITED + BODY], capture_output=True, text=True)
print(p.returncode, p.stdout.splitlines(), p.stderr or None)
p = subprocess.run(["sh", "-c", 'ulimit -v 4194304; exec "$0" -c "$1"', sys.executable, BODY], capture_output=True, text=True)
print(p.returncode, p.stdout.splitlines(), p.stderr or None)
# expect: 0 ['20000', 'too many statically nested blocks', 'MemoryError', '1000'] None
# expect: 0 ['20000', 'too many statically nested blocks', 'MemoryError', '1000'] None
