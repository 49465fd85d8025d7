# env: PYTHONOPTIMIZE=1
# env: PYTHONHASHSEED=0
import sys
print(sys.flags.optimize, sys.flags.hash_randomization, __debug__)  # expect: 1 0 False
print(hash("a") == hash("a"))  # expect: True
