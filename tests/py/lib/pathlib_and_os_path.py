from pathlib import PurePosixPath as P, Path
import os.path
p = P("/a/b/c.tar.gz")
print(p.name, p.stem, p.suffix, p.suffixes, p.parent, p.parts, p.with_suffix(".x"), p / ".." / "d", p.relative_to("/a"), p.match("*.gz"), P("a//b/./c"))  # expect: c.tar.gz c.tar .gz ['.tar', '.gz'] /a/b ('/', 'a', 'b', 'c.tar.gz') /a/b/c.tar.x /a/b/c.tar.gz/../d b/c.tar.gz True a/b/c
print(os.path.join("a", "/b"), os.path.normpath("a/../b//c"), os.path.splitext("x.y.z"), os.path.commonprefix(["abc", "abd"]), os.path.relpath("/a/b", "/a/c"))  # expect: /b b/c ('x.y', '.z') ab ../b
try:
    p.relative_to("/z")
except ValueError as e:
    print(e)  # expect: '/a/b/c.tar.gz' is not in the subpath of '/z'
try:
    Path("/no/such").read_text()
except FileNotFoundError as e:
    print(e)  # expect: [Errno 2] No such file or directory: '/no/such'
