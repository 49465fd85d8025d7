def g(a):
    b = 1
    yield a
i = g(5)
import inspect
print(i.__name__, i.gi_running, inspect.getgeneratorstate(i))  # expect: g False GEN_CREATED
next(i)
print(i.gi_frame.f_locals, inspect.getgeneratorstate(i), i.gi_yieldfrom, i.gi_suspended)  # expect: {'a': 5, 'b': 1} GEN_SUSPENDED None True
i.close()
print(inspect.getgeneratorstate(i), i.gi_frame)  # expect: GEN_CLOSED None
