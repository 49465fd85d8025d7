# The prompt ends when its input cannot be read any more; a last line needs no end.
import subprocess
import sys

for source in ["import os\nprint('before')\nos.close(0)\n", "1 / 0"]:
    p = subprocess.run([sys.executable, "-i", "-q"], input=source, capture_output=True, text=True)
    print(p.returncode, p.stdout.split(), p.stderr.split("\n")[:3])
# expect: 0 ['before'] ['>>> >>> >>> >>> ', '']
# expect: 0 [] ['>>> ... ', 'Traceback (most recent call last):', '  File "<stdin>", line 1, in <module>']
p = subprocess.run([sys.executable, "-i", "-q"], input="'\\xe9\\udc80'\n", capture_output=True, text=True, env={"PYTHONIOENCODING": "ascii"})
print(p.stdout)
# expect: '\xe9\udc80'
# expect:
