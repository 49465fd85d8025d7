import os, sys, tempfile
root = tempfile.mkdtemp()
for part in "ab":
    os.makedirs(os.path.join(root, part, "ns"))
    with open(os.path.join(root, part, "ns", f"mod_{part}.py"), "w") as f:
        f.write(f"name = {part!r}")
    sys.path.append(os.path.join(root, part))
import ns.mod_a, ns.mod_b
print(ns.mod_a.name, ns.mod_b.name, len(ns.__path__), hasattr(ns, "__file__"))  # expect: a b 2 True
