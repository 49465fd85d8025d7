import os, sys, tempfile, zipfile
path = os.path.join(tempfile.mkdtemp(), "z.zip")
with zipfile.ZipFile(path, "w") as z:
    z.writestr("inzip.py", "where = __file__")
    z.writestr("zpkg/__init__.py", "x = 1")
sys.path.insert(0, path)
import inzip, zpkg
print(inzip.where == os.path.join(path, "inzip.py"), zpkg.x, type(inzip.__loader__).__name__)  # expect: True 1 zipimporter
