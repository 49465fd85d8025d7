import sys, importlib.abc, importlib.util
class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        if name == "virtual":
            return importlib.util.spec_from_loader(name, self)
    def exec_module(self, module): module.answer = 42
sys.meta_path.insert(0, Finder())
import virtual
print(virtual.answer, virtual.__spec__.name)  # expect: 42 virtual
