# Comparing keys by Python code may change the dict that another one is updated from: noticed, also when there are threads.
import threading

thread = threading.Thread(target=int)
thread.start()
thread.join()


class Key:
    def __hash__(self):
        return 0

    def __eq__(self, other):
        source.clear()
        return False


source = dict.fromkeys(range(1, 1337))
source[Key()] = 0
try:
    {Key(): 0, 1: 1}.update(source)
except RuntimeError as e:
    print(e)  # expect: dict mutated during update
