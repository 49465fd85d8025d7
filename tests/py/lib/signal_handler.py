import os, signal
signal.signal(signal.SIGUSR1, lambda n, f: print("got", signal.Signals(n).name, f.f_code.co_name))
os.kill(os.getpid(), signal.SIGUSR1)  # expect: got SIGUSR1 <module>
for _ in range(10): pass
print("after", signal.getsignal(signal.SIGINT) is signal.default_int_handler)  # expect: after True
