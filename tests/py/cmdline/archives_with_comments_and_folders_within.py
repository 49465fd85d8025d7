# A zip archive is run by its __main__, whatever comment it ends with; so is a folder within one.
import os, subprocess, sys, tempfile, zipfile

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "a.zip")
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("__main__.py", "print('top')")
        z.writestr("p/__main__.py", "import sys; print(__name__, sys.argv[1:], sys.path[0] == sys.argv[0])")
        z.comment = b"PK" * 200
    for name in "a.zip", "a.zip/p", "a.zip/none":
        r = subprocess.run([sys.executable, os.path.join(folder, name), "x"], capture_output=True, text=True)
        print(r.returncode, r.stdout.strip(), r.stderr.partition(":")[2].replace(folder, "").strip())
# expect: 0 top 
# expect: 0 __main__ ['x'] True 
# expect: 1  can't find '__main__' module in '/a.zip/none'
