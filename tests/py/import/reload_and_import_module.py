import importlib.util, _pkg.sub.leaf
m = importlib.import_module("_pkg.sub.leaf")
m.VALUE = 0
print(importlib.reload(m).VALUE, importlib.import_module(".leaf", "_pkg.sub") is m)  # expect: 7 True
print(importlib.util.find_spec("json").name, importlib.util.find_spec("no_such"))  # expect: json None
