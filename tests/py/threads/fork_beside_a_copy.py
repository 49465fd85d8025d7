"""A child that was forked while another thread copied a bytearray does not wait for that copy, which will never end."""

import os
import signal
import threading
import time
import warnings

warnings.simplefilter("ignore", DeprecationWarning)
data = bytearray(20_000_000)
done = False


def copy():
    while not done:
        bytes(data)


t = threading.Thread(target=copy)
t.start()
hung = 0
for _ in range(10):
    pid = os.fork()
    if pid == 0:
        signal.alarm(20)
        try:
            data.append(1)
        except BufferError:
            pass
        os._exit(0)
    hung += os.waitpid(pid, 0)[1] != 0
    time.sleep(0.01)
done = True
t.join()
print(hung)  # expect: 0
