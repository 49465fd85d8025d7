# A cache file that is damaged anywhere is ignored and written anew.
import importlib.util
import os
import subprocess
import sys
import tempfile

with tempfile.TemporaryDirectory() as folder:
    source = os.path.join(folder, "mod.py")
    with open(source, "w") as f:
        f.write("x = [n * 2 for n in range(3)]\n")
    cache = importlib.util.cache_from_source(source)
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    command = [sys.executable, "-c", "import mod; print(mod.x)"]

    def run():
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
        return done.stdout.strip() + done.stderr

    first = run()
    with open(cache, "rb") as f:
        whole = f.read()
    wrong = []
    for at in range(0, len(whole), 17):
        with open(cache, "wb") as f:
            f.write(whole[:at] + b"?" + whole[at + 1:])
        if run() != first:
            wrong.append(at)
        with open(cache, "rb") as f:
            if f.read() != whole:
                wrong.append((at, "not written anew"))
        with open(cache, "wb") as f:
            f.write(whole[:at])
        if run() != first:
            wrong.append((at, "cut"))
    print(first, wrong)
    # expect: [0, 2, 4] []
