import sys
l = []
for _ in range(100000): l = [l]
for f in (lambda: repr(l), lambda: l == l[:], lambda: str(l)):
    try:
        f()
    except RecursionError:
        print("RecursionError")
        # expect: RecursionError
        # expect: RecursionError
