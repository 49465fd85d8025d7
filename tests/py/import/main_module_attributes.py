# args: one two
import sys
print(__name__, __package__, __spec__, sys.argv[1:], sys.modules["__main__"].__name__)  # expect: __main__ None None ['one', 'two'] __main__
print(__file__.endswith("main_module_attributes.py"), __builtins__.__name__)  # expect: True builtins
