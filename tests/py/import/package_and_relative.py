import _pkg
from _pkg import sub
from _pkg.sub import leaf
print(_pkg.__path__[0].endswith("_pkg"), sub.__package__, leaf.VALUE, leaf.SIBLING, _pkg.__all__)  # expect: True _pkg.sub 7 1 ['exported']
from _pkg import *
print(exported, "hidden" in globals())  # expect: 1 False
