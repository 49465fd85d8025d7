# Channels have two ends; each interpreter uses and releases its own.
import _interpchannels as channels
import _interpreters as interpreters
import threading
import time

c = channels.create(3)
print(repr(c), c.send, repr(c.recv), c.end, c == int(c), hash(c) == hash(int(c)))
# expect: ChannelID(0) 0 ChannelID(0, recv=True) both True True
channels.send(c, ("x", 1), blocking=False)
print(channels.recv(c), channels.recv(c, "nothing"))  # expect: (('x', 1), None) ('nothing', None)
try:
    channels.recv(c)
except channels.ChannelEmptyError as e:
    print(e)  # expect: channel 0 is empty
try:
    channels.send(c, 1, timeout=0.05)
except TimeoutError as e:
    print(e, channels.get_count(c))  # expect: timed out 0

# A sender waits until another interpreter has received.
i = interpreters.create()
interpreters.set___main___attrs(i, {"c": c})


def other():
    time.sleep(0.05)
    interpreters.exec(i, "import _interpchannels as ch; got = ch.recv(c)")


t = threading.Thread(target=other)
t.start()
channels.send(c, b"spam")
t.join()
print(interpreters.exec(i, "assert got == (b'spam', None), got"))  # expect: None
print(channels.list_interpreters(c, send=True), channels.list_interpreters(c, send=False) == [0, i])  # expect: [0] True

# Memory is shared, not copied.
data = bytearray(b"abc")
channels.send_buffer(c, data, blocking=False)
view, _ = channels.recv(c)
data[0] = 65
view[1] = 66
print(bytes(view), data)  # expect: b'ABc' bytearray(b'ABc')

# Who ends leaves what it has sent unbound.
interpreters.exec(i, "ch.send(c, 1, blocking=False)")
channels.send(c, 2, blocking=False)
interpreters.destroy(i)
print(channels.recv(c), channels.recv(c))  # expect: (None, 3) (2, None)

channels.send(c, 1, blocking=False)
try:
    channels.close(c)
except channels.ChannelNotEmptyError as e:
    print(e)  # expect: channel 0 may not be closed if not empty (try force=True)
channels.close(c, send=True)
info = channels.get_info(c)
print(info.open, info.closing, info.closed, info.count)  # expect: False True False 1
print(channels.recv(c))  # expect: (1, None)
for f in [lambda: channels.recv(c), lambda: channels.send(c, 1), lambda: channels.close(c)]:
    try:
        f()
    except channels.ChannelClosedError as e:
        print(e)
# expect: channel 0 is closed
# expect: channel 0 is closed
# expect: channel 0 is closed
channels.destroy(c)
try:
    channels.get_info(c)
except channels.ChannelNotFoundError as e:
    print(e)  # expect: channel 0 not found
