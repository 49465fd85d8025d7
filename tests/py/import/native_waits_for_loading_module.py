# What the runtime imports for itself waits for a thread that is still loading the module.
import sys
import threading

loading, go_on = threading.Event(), threading.Event()


class Slow:
    def __init__(self, loader):
        self.loader = loader

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        loading.set()
        go_on.wait(10)
        self.loader.exec_module(module)


class Finder:
    def find_spec(self, name, path=None, target=None):
        if name != "copyreg":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        spec.loader = Slow(spec.loader)
        return spec


import importlib.util

sys.modules.pop("copyreg", None)
sys.meta_path.insert(0, Finder())
thread = threading.Thread(target=lambda: importlib.import_module("copyreg"))
thread.start()
loading.wait(10)
threading.Timer(0.05, go_on.set).start()


class Plain:
    pass


print(Plain().__reduce_ex__(2)[0].__name__)  # expect: __newobj__
thread.join()
