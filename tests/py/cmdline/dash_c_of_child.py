import subprocess, sys
def run(*args, **kw):
    r = subprocess.run([sys.executable, *args], capture_output=True, text=True, **kw)
    print(r.returncode, repr(r.stdout), repr(r.stderr.splitlines()[-1].replace(sys.executable, "PYTHON") if r.stderr else ""))
run("-c", "import sys; print(sys.argv, __name__)", "a", "-b")  # expect: 0 "['-c', 'a', '-b'] __main__\n" ''
run("-c", "1/0")  # expect: 1 '' 'ZeroDivisionError: division by zero'
run("-", input="print(__name__)")  # expect: 0 '__main__\n' ''
run("-c", "x = ")  # expect: 1 '' 'SyntaxError: invalid syntax'
run("no_such_file.py")  # expect: 2 '' "PYTHON: can't open file 'no_such_file.py': [Errno 2] No such file or directory"
run("-m", "no_such_module_x")  # expect: 1 '' 'PYTHON: No module named no_such_module_x'
run("-m", "json.tool", input='{"b":1}')  # expect: 0 '{\n    "b": 1\n}\n' ''
run("-O", "-c", "print(__debug__)")  # expect: 0 'False\n' ''
run("-W", "error", "-c", "import warnings; warnings.warn('x')")  # expect: 1 '' 'UserWarning: x'
run("-I", "-c", "import sys; print(sys.flags.isolated, sys.flags.no_user_site, sys.flags.ignore_environment)")  # expect: 0 '1 1 1\n' ''
run("-u", "-B", "-S", "-E", "-s", "-c", "import sys; f = sys.flags; print(f.dont_write_bytecode, f.no_site, f.ignore_environment, f.no_user_site)")  # expect: 0 '1 1 1 1\n' ''
run("-X", "utf8", "-X", "foo=bar", "-c", "import sys; print(sys._xoptions, sys.flags.utf8_mode)")  # expect: 0 "{'utf8': True, 'foo': 'bar'} 1\n" ''
print(subprocess.run([sys.executable, "--no-such-option"], capture_output=True).returncode)  # expect: 2
