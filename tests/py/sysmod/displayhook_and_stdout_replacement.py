import sys, io
sys.displayhook(5)
sys.displayhook(None)
import builtins
print(builtins._)  # expect: 5
old, sys.stdout = sys.stdout, io.StringIO()
print("captured")  # expect: 5
got, sys.stdout = sys.stdout.getvalue(), old
print(repr(got))  # expect: 'captured\n'
