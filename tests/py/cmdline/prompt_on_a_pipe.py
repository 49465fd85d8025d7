# The plain prompt: errors are shown and the session goes on; prompts go to standard error.
import subprocess
import sys

source = """\
1/0
x = 3
x; _
if x:
  'a'

def f():
  return (1,
2)

f()
x = = 1
from __future__ import annotations
def g(a: nothing): pass

g.__annotations__
import sys; sys.ps1 = '$ '
raise SystemExit(4)
"""
p = subprocess.run([sys.executable, "-i", "-q"], input=source, capture_output=True, text=True)
print(p.returncode, p.stdout.split("\n"))  # expect: 4 ['3', '3', "'a'", '(1, 2)', "{'a': 'nothing'}", '']
for line in p.stderr.split("\n"):
    print(line)
# expect: >>> Traceback (most recent call last):
# expect:   File "<stdin>", line 1, in <module>
# expect:     1/0
# expect:     ~^~
# expect: ZeroDivisionError: division by zero
# expect: >>> >>> >>> ... ... >>> ... ... ... >>> >>>   File "<stdin>", line 1
# expect:     x = = 1
# expect:         ^
# expect: SyntaxError: invalid syntax
# expect: >>> >>> ... >>> >>> $ 

# After a program: SystemExit is shown, and its namespace is there.
p = subprocess.run([sys.executable, "-i", "-c", "y = 5\nraise SystemExit(7)"], input="y\n", capture_output=True, text=True)
print(p.returncode, p.stdout.split("\n"), p.stderr.split("\n")[-2:])  # expect: 0 ['5', ''] ['>>> >>> ', '']
