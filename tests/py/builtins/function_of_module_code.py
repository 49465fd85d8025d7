import types

g = {"__builtins__": __builtins__}
f = types.FunctionType(compile("a = 1\nb = a + 1", "<m>", "exec"), g)
print(f(), g["a"], g["b"])  # expect: None 1 2

def outer():
    x, y = 2, 3
    def inner():
        global product
        product = x * y
    return inner

inner = outer()
exec(inner.__code__, globals(), closure=inner.__closure__)
print(product)  # expect: 6
for closure in (inner.__closure__[:1], (1, 2), None):
    try:
        exec(inner.__code__, {}, closure=closure)
    except TypeError as e:
        print(e)  # expect: code object requires a closure of exactly length 2
        # expect: code object requires a closure of exactly length 2
        # expect: code object requires a closure of exactly length 2
