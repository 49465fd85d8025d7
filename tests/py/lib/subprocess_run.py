import subprocess, sys
r = subprocess.run([sys.executable, "-c", "import sys; print(input()[::-1]); sys.exit(3)"], input="abc\n", capture_output=True, text=True)
print(r.returncode, r.stdout.strip(), r.stderr)  # expect: 3 cba
try:
    subprocess.run(["false"], check=True)
except subprocess.CalledProcessError as e:
    print(e)  # expect: Command '['false']' returned non-zero exit status 1.
try:
    subprocess.run(["/no/such/program"])
except FileNotFoundError as e:
    print(e)  # expect: [Errno 2] No such file or directory: '/no/such/program'
