# What ends with the program may find its module emptied: a socket's finalizer is silent about that, as are its warnings.
import socket


class Owner:
    def __init__(self):
        self.socket = socket.socket()
        self.me = self


for _ in range(3):
    Owner()
last = Owner()
print("done")  # expect: done
