import sys
def f():
    x = 1
    fr = sys._getframe()
    fr.f_locals["x"] = 2
    fr.f_locals["new"] = 3
    return x, fr.f_locals["new"], fr.f_code.co_name, fr.f_back.f_code.co_name, "new" in locals()
print(f())  # expect: (2, 3, 'f', '<module>', True)
