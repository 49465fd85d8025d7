import atexit, sys
atexit.register(print, "first registered")
atexit.register(lambda: print("second registered"))
sys.exit(2)
# expect: second registered
# expect: first registered
# exit: 2
