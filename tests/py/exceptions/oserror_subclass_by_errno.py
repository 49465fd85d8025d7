import errno
for n in (errno.ENOENT, errno.EEXIST, errno.EACCES, errno.EPIPE, errno.ECONNREFUSED, errno.EISDIR, errno.ENOTDIR, errno.EAGAIN, errno.ETIMEDOUT, errno.ECHILD, errno.EINTR, errno.ESRCH, 9999):
    print(type(OSError(n, "m")).__name__, end=" ")
print()  # expect: FileNotFoundError FileExistsError PermissionError BrokenPipeError ConnectionRefusedError IsADirectoryError NotADirectoryError BlockingIOError TimeoutError ChildProcessError InterruptedError ProcessLookupError OSError
e = OSError(2, "m", "f1", None, "f2")
print(e.errno, e.strerror, e.filename, e.filename2, e)  # expect: 2 m f1 f2 [Errno 2] m: 'f1' -> 'f2'
