import errno
import os
from ctypes import *

libc = CDLL(None, use_errno=True)
print(libc.strlen(b"hello"), libc.abs(-5), libc.labs(c_long(-1 << 40)))
libc.getenv.restype = c_char_p
libc.getenv.argtypes = [c_char_p]
os.environ["CTYPES_TEST_NAME"] = "value"
print(libc.getenv(b"CTYPES_TEST_NAME"), libc.getenv(b"CTYPES_TEST_NO_NAME"))

# Variadic calls: declared arguments, then what they are.
buf = create_string_buffer(80)
print(libc.sprintf(buf, b"%d %s %.2f %ld %c", 42, b"text", c_double(1.5), c_long(1 << 40), 65), buf.value)
libc.snprintf.argtypes = [c_char_p, c_size_t, c_char_p]
print(libc.snprintf(buf, 80, b"%g %d %hhd", c_double(0.25), c_int(-3), c_int(-1)), buf.value)

pow = CDLL("libm.so.6").pow
pow.argtypes, pow.restype = [c_double, c_double], c_double
print(pow(2, 0.5), pow(3, 4))


class tm(Structure):
    _fields_ = [(n, c_int) for n in "sec min hour mday mon year wday yday isdst".split()]
    _fields_ += [("gmtoff", c_long), ("zone", c_char_p)]


t = tm()
libc.gmtime_r.restype = POINTER(tm)
r = libc.gmtime_r(byref(c_int64(1_000_000_000)), byref(t))
print(t.year + 1900, t.mon + 1, t.mday, t.hour, t.min, t.sec, t.yday, t.zone, addressof(r.contents) == addressof(t))
before = libc.time(None)
now = c_long()
print(libc.time(byref(now)) - before in (0, 1), now.value > 1_600_000_000)


class div_t(Structure):
    _fields_ = [("quot", c_int), ("rem", c_int)]


libc.div.restype = div_t
d = libc.div(17, 5)
print(d.quot, d.rem)

set_errno(0)
print(libc.close(-1), errno.errorcode[get_errno()], set_errno(7) == errno.EBADF, get_errno())
for f in (lambda: libc.strlen(1.5), lambda: pow(1), lambda: pow("x", 1), lambda: libc.no_such_function):
    try:
        f()
    except Exception as e:
        print(type(e).__name__, str(e).rpartition("/")[2].partition(": ")[2] if isinstance(e, AttributeError) else e)
print(libc.strcat(create_string_buffer(b"ab", 10), b"cd") != 0, wstring_at("wide", 2), string_at(b"bytes\0more"))
print(memmove(buf, b"xyz", 3) == addressof(buf), buf.raw[:5], memset(buf, ord("-"), 4) and buf.raw[:5])
# expect: 5 5 0
# expect: b'value' None
# expect: 28 b'42 text 1.50 1099511627776 A'
# expect: 10 b'0.25 -3 -1'
# expect: 1.4142135623730951 81.0
# expect: 2001 9 9 1 46 40 251 b'GMT' True
# expect: True True
# expect: 3 2
# expect: -1 EBADF True 7
# expect: ArgumentError argument 1: TypeError: Don't know how to convert parameter 1
# expect: TypeError this function takes at least 2 arguments (1 given)
# expect: ArgumentError argument 1: TypeError: must be real number, not str
# expect: AttributeError undefined symbol: no_such_function
# expect: True wi b'bytes'
# expect: True b'xyz5 ' b'---- '
