import signal, subprocess, sys
r = subprocess.run([sys.executable, "-c", "raise KeyboardInterrupt"], capture_output=True, text=True)
print(r.returncode == -signal.SIGINT, r.stderr.splitlines()[-1])  # expect: True KeyboardInterrupt
