import builtins
names = [n for n in dir(builtins) if not n.startswith("_")]
print(len(names), names[:5], names[-5:])  # expect: 150 ['ArithmeticError', 'AssertionError', 'AttributeError', 'BaseException', 'BaseExceptionGroup'] ['super', 'tuple', 'type', 'vars', 'zip']
