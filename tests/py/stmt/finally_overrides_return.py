import warnings
warnings.simplefilter("ignore")
src = """
def f():
    try:
        return 1
    finally:
        return 2
def g():
    for i in range(3):
        try:
            1 / 0
        finally:
            break
    return i
def h():
    for i in range(3):
        try:
            continue
        finally:
            print("f", i)
"""
exec(src)
print(f(), g(), h())
# expect: f 0
# expect: f 1
# expect: f 2
# expect: 2 0 None
