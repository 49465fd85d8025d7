"""Writes into behaviour cases what CPython prints for them. Run it with CPython 3.14:

    python3.14 tests/bless.py tests/py/list/sort_key_raises.py ...

Expectations of an earlier run are replaced. A line of output is put on the line of the top-level statement that wrote
it, or below when there are several, as long as the order of the file is the order of the output; else, and when source lines show up in the output,
all expectations are put at the end. Read what was written: the point of a case is that a person agreed with it.
"""

import os
import re
import subprocess
import sys

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "py")
OLD = re.compile(r"[ \t]*# expect(-error|-stderr)?:.*")
EXIT = re.compile(r"# exit:.*\n")

# Runs a case and reports the line of the case behind each line of output, through descriptor 3.
SPY = r"""
import builtins, os, sys
real, name = print, sys.argv[1]
def spy(*args, sep=" ", end="\n", file=None, flush=False):
    found, frame = sys._getframe(1), None
    while found:
        frame = found if found.f_code.co_filename == name else frame
        found = found.f_back
    if file is None or file is sys.stdout:
        text = (" " if sep is None else sep).join(map(str, args)) + ("\n" if end is None else end)
        os.write(3, b"%d\n" % (frame.f_lineno if frame else 0) * text.count("\n"))
    real(*args, sep=sep, end=end, file=file, flush=flush)
builtins.print = spy
del sys.argv[0]
sys.path[0] = os.path.dirname(os.path.abspath(name))
with open(name, "rb") as file:
    code = compile(file.read(), name, "exec")
import __main__
space = {"__name__": "__main__", "__file__": os.path.abspath(name), "__builtins__": builtins}
exec(code, space)
"""


def words(text, key):
    return [word for line in re.findall(rf"^# {key}:(.*)$", text, re.M) for word in line.split()]


def run(name, text, spy=False):
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    env |= {"PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
    env |= dict(word.split("=", 1) for word in words(text, "env"))
    stdin = "".join(line.removeprefix(" ") + "\n" for line in re.findall(r"^# stdin:(.*)$", text, re.M))
    command = [sys.executable, *words(text, "options")]
    if not spy:
        done = subprocess.run([*command, name, *words(text, "args")], input=stdin, env=env, cwd=FOLDER,
                              capture_output=True, encoding="utf-8", timeout=60)
        own = FOLDER + "/"
        return done.stdout.replace(own, ""), done.stderr.replace(own, ""), done.returncode
    reader, writer = os.pipe()
    script = SPY.replace("os.write(3,", f"os.write({writer},")
    with open(reader, "rb") as pipe:
        subprocess.run([*command, "-c", script, name, *words(text, "args")], input=stdin, env=env, cwd=FOLDER,
                       capture_output=True, encoding="utf-8", timeout=60, pass_fds=[writer])
        os.close(writer)
        return [int(line) for line in pipe.read().split()]


def inline(lines, output, numbers):
    """Put each line of output on the line that printed it; None when the order does not allow it."""
    if len(numbers) != len(output) or 0 in numbers or numbers != sorted(numbers):
        return None
    result = list(lines)
    for at in reversed(range(len(output))):
        number = numbers[at] - 1
        if numbers.count(numbers[at]) > 1:
            space = re.match(r"\s*", lines[number])[0]
            result.insert(number + 1, f"{space}# expect: {output[at]}".rstrip())
        else:
            result[number] = f"{result[number]}  # expect: {output[at]}".rstrip()
    return result


def plain(text):
    text = EXIT.sub("", text)
    lines = [OLD.sub("", line) if "# expect" in line else line for line in text.split("\n")]
    kept = [line for line, old in zip(lines, text.split("\n")) if line or not old.strip().startswith("# expect")]
    return "\n".join(kept).rstrip("\n").split("\n")


def bless(path):
    name = os.path.relpath(path, FOLDER)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    lines = plain(text)
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    stdout, stderr, code = run(name, text)
    output = stdout.split("\n")[:-1] if stdout.endswith("\n") or not stdout else stdout.split("\n")
    tail = []
    if stderr:
        if "# full-stderr" in text:
            tail += [f"# expect-stderr: {line}".rstrip() for line in stderr.rstrip("\n").split("\n")]
        else:
            tail.append("# expect-error: " + stderr.rstrip("\n").split("\n")[-1])
    if code != (1 if stderr else 0):
        tail.append(f"# exit: {code}")
    block = lines + [f"# expect: {line}".rstrip() for line in output] + tail
    choices = [block]
    if 'File "' not in stdout and "# full-stderr" not in text:
        placed = inline(lines, output, run(name, text, spy=True))
        if placed:
            choices.insert(0, placed + tail)
    for choice in choices:
        new = "\n".join(choice) + "\n"
        with open(path, "w", encoding="utf-8") as file:
            file.write(new)
        found = [line.split("# expect:", 1)[1].removeprefix(" ") for line in choice if "# expect:" in line]
        if run(name, text) == (stdout, stderr, code) and found == [line.rstrip() for line in output]:
            return
    print(f"{name}: cannot be written so that it expects what it prints", file=sys.stderr)


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        bless(argument)
