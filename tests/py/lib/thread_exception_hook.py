import threading
threading.excepthook = lambda a: print(a.exc_type.__name__, a.exc_value, a.thread.name)  # expect: ZeroDivisionError division by zero worker
t = threading.Thread(target=lambda: 1 / 0, name="worker"); t.start(); t.join()
print("main goes on")  # expect: main goes on
