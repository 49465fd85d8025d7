import builtins
real = builtins.__import__
def hook(name, *a, **k):
    print("import", name)
    return real(name, *a, **k)
builtins.__import__ = hook
import sys  # expect: import sys
from sys import path  # expect: import sys
builtins.__import__ = real
