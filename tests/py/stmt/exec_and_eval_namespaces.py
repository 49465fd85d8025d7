ns = {}
exec("a = 1\ndef f(): return a", ns)
print(ns["f"](), sorted(k for k in ns if k != "__builtins__"))  # expect: 1 ['a', 'f']
print(eval("a + b", {"a": 1}, {"b": 2}))  # expect: 3
l = {}
exec("x = 1; y = [x for _ in range(2)]", {}, l)
print(l)  # expect: {'x': 1, 'y': [1, 1]}
