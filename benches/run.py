"""Times one program: python run.py PROGRAM REPEATS. Prints the result and the best time in seconds.

A program is a module with a function `main()`, which does the work and returns something to compare.
"""

import os
import sys
import time


def run(path, repeats):
    sys.path[0] = os.path.dirname(os.path.abspath(path))
    main = __import__(os.path.basename(path)[:-3]).main
    best = None
    for _ in range(repeats):
        start = time.perf_counter()
        result = main()
        taken = time.perf_counter() - start
        if best is None or taken < best:
            best = taken
    print(repr(result).replace("\n", " "))
    print("%.9f" % best)


if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2]))
