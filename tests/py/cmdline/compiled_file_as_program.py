# A compiled file is a program, and so are modules of an archive on PYTHONPATH.
import os
import py_compile
import subprocess
import sys
import tempfile
import zipfile

with tempfile.TemporaryDirectory() as folder:
    source = os.path.join(folder, "prog.py")
    with open(source, "w") as f:
        f.write("import sys\nprint(__name__, type(__loader__).__name__, sys.argv[1:])\n")
    compiled = py_compile.compile(source, cfile=os.path.join(folder, "prog.pyc"))
    p = subprocess.run([sys.executable, compiled, "x"], capture_output=True, text=True)
    print(p.returncode, p.stdout + p.stderr, end="")  # expect: 0 __main__ SourcelessFileLoader ['x']
    archive = os.path.join(folder, "a.zip")
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("pkg/__init__.py", "")
        z.writestr("pkg/script.py", "print(__name__, __package__)")
    p = subprocess.run([sys.executable, "-m", "pkg.script"], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": archive})
    print(p.returncode, p.stdout + p.stderr, end="")  # expect: 0 __main__ pkg
