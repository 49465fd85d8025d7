import os, tempfile
path = os.path.join(tempfile.mkdtemp(), "f.txt")
with open(path, "w") as f:
    print(f.write("line é\nsecond\r\nthird"), f.mode, f.encoding)  # expect: 20 w UTF-8
with open(path) as f:
    print(f.readline(), f.read(3), f.readlines())
    # expect: line é
    # expect:  sec ['ond\n', 'third']
with open(path, "rb") as f:
    print(f.read())  # expect: b'line \xc3\xa9\nsecond\r\nthird'
    print(f.seek(-5, 2), f.tell(), f.read())  # expect: 16 16 b'third'
with open(path, "a+") as f:
    f.write("!")
    f.seek(0)
    print([line for line in f][-1])  # expect: third!
os.remove(path)
for a in ((path,), (path, "z"), (path, "rw"), (path, "rb", -1, "utf-8"), (path, "w", 0)):
    try:
        open(*a)
    except (OSError, ValueError) as e:
        print(type(e).__name__, str(e).replace(path, "PATH"))
        # expect: FileNotFoundError [Errno 2] No such file or directory: 'PATH'
        # expect: ValueError invalid mode: 'z'
        # expect: ValueError must have exactly one of create/read/write/append mode
        # expect: ValueError binary mode doesn't take an encoding argument
        # expect: ValueError can't have unbuffered text I/O
try:
    f.read()
except ValueError as e:
    print(e)  # expect: I/O operation on closed file.
