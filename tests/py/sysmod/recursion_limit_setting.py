import sys
for v in (0, -1, "a", 1):
    try:
        sys.setrecursionlimit(v)
    except (ValueError, TypeError, RecursionError) as e:
        print(type(e).__name__, e)
        # expect: ValueError recursion limit must be greater or equal than 1
        # expect: ValueError recursion limit must be greater or equal than 1
        # expect: TypeError 'str' object cannot be interpreted as an integer
        # expect: RecursionError cannot set the recursion limit to 1 at the recursion depth 1: the limit is too low
sys.setrecursionlimit(100)
def depth(n=0):
    try:
        return depth(n + 1)
    except RecursionError:
        return n
print(80 < depth() <= 100)  # expect: True
