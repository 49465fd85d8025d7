import os.path
import os.path as p
from os import path, sep as s
import json, sys as system
print(os.path is p is path, s, json.__name__, system.__name__)  # expect: True / json sys
