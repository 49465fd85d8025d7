# What an error of pickling was found out by is its context.
import pickle, queue, weakref


def f():
    pass


for module, name in (("nonexisting", "f"), ("", "f"), ("builtins", "missing"), ("\xff", "f")):
    f.__module__, f.__qualname__ = module, name
    try:
        pickle.dumps(f, 2)
    except pickle.PicklingError as e:
        print(str(e).rpartition(": ")[2], "/", type(e.__context__).__name__, e.__context__)
try:
    pickle.loads(b"\x80\x04\x8c\x04math\x8c\x08sin.spam\x93.")
except AttributeError as e:
    print(e, "/", e.__context__)
e = queue.Empty()
print(weakref.ref(e)() is e)
# expect: No module named 'nonexisting' / ModuleNotFoundError No module named 'nonexisting'
# expect: Empty module name / ValueError Empty module name
# expect: it's not found as builtins.missing / AttributeError module 'builtins' has no attribute 'missing'
# expect: No module named 'ÿ' / ModuleNotFoundError No module named 'ÿ'
# expect: Can't resolve path 'sin.spam' on module 'math' / 'builtin_function_or_method' object has no attribute 'spam'
# expect: True
