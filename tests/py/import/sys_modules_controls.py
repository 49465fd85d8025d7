import sys
sys.modules["made_up"] = "anything"
import made_up
print(made_up)  # expect: anything
sys.modules["blocked"] = None
try:
    import blocked
except ModuleNotFoundError as e:
    print(e)  # expect: import of blocked halted; None in sys.modules
