# What options and variables of the environment do.
import os
import subprocess
import sys


def run(*args, stdin="", **env):
    p = subprocess.run([sys.executable, *args], capture_output=True, text=True, input=stdin, env={**os.environ, **env})
    print(p.returncode, p.stdout + p.stderr)


# The text of -c may be indented as a whole, and tracebacks show it.
run("-c", "\n   if 1:\n      print(1)\n   print(2)\n")
# expect: 0 1
# expect: 2
# expect:
run("-c", "  print(1)\n print(2)")
# expect: 1   File "<string>", line 1
# expect:     print(1)
# expect: IndentationError: unexpected indent
# expect:
run("-c", "  def f():\n    1/0\n  f()")
# expect: 1 Traceback (most recent call last):
# expect:   File "<string>", line 3, in <module>
# expect:     f()
# expect:     ~^^
# expect:   File "<string>", line 2, in f
# expect:     1/0
# expect:     ~^~
# expect: ZeroDivisionError: division by zero
# expect:
run("-X", "no_debug_ranges", "-c", "1/0")
# expect: 1 Traceback (most recent call last):
# expect:   File "<string>", line 1, in <module>
# expect:     1/0
# expect: ZeroDivisionError: division by zero
# expect:
run("-b", "-c", "str(b''); b'' == ''; bytearray() == ''; b'' == 0")
# expect: 0 <string>:1: BytesWarning: str() on a bytes instance
# expect: <string>:1: BytesWarning: Comparison between bytes and string
# expect: <string>:1: BytesWarning: Comparison between bytearray and string
# expect: <string>:1: BytesWarning: Comparison between bytes and int
# expect:
run("-X", "cpu_count=7", "-c", "import os; print(os.cpu_count(), os.process_cpu_count())")
# expect: 0 7 7
# expect:
run("-X", "dev", "-W", "error", "-bb", "-c", "import sys; print(sys.warnoptions)", PYTHONWARNINGS="once")
# expect: 0 ['default', 'once', 'error', 'error::BytesWarning']
# expect:
run("-c", "import sys; print(sys.stdout.encoding, sys.stdout.errors)", PYTHONIOENCODING="latin1:replace")
# expect: 0 iso8859-1 replace
# expect:
run("-", stdin="print(__file__, __cached__)")
# expect: 0 <stdin> None
# expect:
