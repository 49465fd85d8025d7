import sys
sys.excepthook = lambda t, v, tb: print("hook", t.__name__, v)  # expect: hook ValueError x
raise ValueError("x")
# exit: 1
