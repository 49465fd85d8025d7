# Text of the system is in the locale's encoding where UTF-8 mode is off.
import os
import subprocess
import sys
import tempfile

program = r"""
import io, os, sys
out = [sys.getfilesystemencoding(), sys.stdin.encoding, sys.stdout.encoding, sys.stdout.errors]
out += [io.TextIOWrapper(io.BytesIO()).encoding, ascii(sys.argv[1]), ascii(os.listdir(sys.argv[2]))]
try:
    open(os.path.join(sys.argv[2], "\u20ac"), "w")
except UnicodeEncodeError as e:
    out.append(e.reason)
print(out)
"""
with tempfile.TemporaryDirectory() as folder:
    open(os.path.join(folder, "\xe9"), "w").close()
    for utf8 in ("0", "1"):
        env = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": utf8, "PYTHONCOERCECLOCALE": "0"}
        done = subprocess.run([sys.executable, "-c", program, "\xfc", folder], env=env, capture_output=True)
        print(done.stdout.decode(), done.stderr.decode(), sep="", end="")
        # expect: ['ascii', 'ascii', 'ascii', 'surrogateescape', 'ANSI_X3.4-1968', "'\\udcc3\\udcbc'", "['\\udcc3\\udca9']", 'ordinal not in range(128)']
        # expect: ['utf-8', 'utf-8', 'utf-8', 'surrogateescape', 'utf-8', "'\\xfc'", "['\\xe9']"]
    env = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0"}
    done = subprocess.run([sys.executable, "-c", "print('\xe9')"], env=env, capture_output=True)
    print(done.returncode, done.stderr.decode(), end="")
    # expect: 1 Unable to decode the command from the command line:
    # expect: UnicodeEncodeError: 'utf-8' codec can't encode characters in position 7-8: surrogates not allowed
