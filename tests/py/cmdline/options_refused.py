# Wrong options and settings end the process before anything runs.
import os
import subprocess
import sys


def run(*args, **env):
    p = subprocess.run([sys.executable, *args], capture_output=True, text=True, env={**os.environ, **env})
    print(p.returncode, (p.stderr or p.stdout).splitlines()[:1])


run("-Z")  # expect: 2 ['Unknown option: -Z']
run("-bZ")  # expect: 2 ['Unknown option: -Z']
run("--no-such")  # expect: 2 ['Unknown option: --no-such']
run("-c")  # expect: 2 ['Argument expected for the -c option']
run("-X")  # expect: 2 ['Argument expected for the -X option']
run("--check-hash-based-pycs", "x", "-c", "")  # expect: 2 ["--check-hash-based-pycs must be one of 'default', 'always', or 'never'"]
run("-X", "utf8=7", "-c", "")  # expect: 1 ['Fatal Python error: preconfig_init_utf8_mode: invalid -X utf8 option value']
run("-c", "", PYTHONHASHSEED="x")  # expect: 1 ['Fatal Python error: config_init_hash_seed: PYTHONHASHSEED must be "random" or an integer in range [0; 4294967295]']
run("-X", "int_max_str_digits=5", "-c", "")  # expect: 1 ['Fatal Python error: config_init_int_max_str_digits: -X int_max_str_digits: invalid limit; must be >= 640 or 0 for unlimited.']
run("-c", "", PYTHON_CPU_COUNT="0")  # expect: 1 ['Fatal Python error: config_init_cpu_count: -X cpu_count=n option: n is missing or an invalid number, n must be greater than 0']
run("-X", "importtime=3", "-c", "")  # expect: 1 ['Fatal Python error: config_init_import_time: -X importtime: values other than 1 and 2 are reserved for future use.']
run("-t", "-c", "print('ran')")  # expect: 0 ['ran']
