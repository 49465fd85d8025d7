import os, subprocess, sys, tempfile, zipfile
d = tempfile.mkdtemp()
with open(os.path.join(d, "__main__.py"), "w") as f:
    f.write("import sys, helper; print('main', helper.x, __name__, sys.argv[1:])")
with open(os.path.join(d, "helper.py"), "w") as f:
    f.write("x = 5")
z = os.path.join(d, "app.zip")
with zipfile.ZipFile(z, "w") as f:
    for n in ("__main__.py", "helper.py"): f.write(os.path.join(d, n), n)
for target in (d, z):
    print(subprocess.run([sys.executable, target, "arg"], capture_output=True, text=True).stdout, end="")
    # expect: main 5 __main__ ['arg']
    # expect: main 5 __main__ ['arg']
