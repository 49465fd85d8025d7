import ast
t = ast.parse("def f(x: int = 1, *a) -> str:\n    return [y async for y in x if y] or f'{x!r:>3}'" .replace("async ", ""))
print(ast.dump(t)[:160])  # expect: Module(body=[FunctionDef(name='f', args=arguments(args=[arg(arg='x', annotation=Name(id='int', ctx=Load()))], vararg=arg(arg='a'), defaults=[Constant(value=1)])
print(ast.unparse(t), ast.literal_eval("{'a': [1, -2.5, (None, True)]}"), eval(compile(ast.fix_missing_locations(ast.Expression(ast.Constant(5))), "<s>", "eval")))
# expect: def f(x: int=1, *a) -> str:
# expect:     return [y for y in x if y] or f'{x!r:>3}' {'a': [1, -2.5, (None, True)]} 5
class V(ast.NodeVisitor):
    def visit_Name(self, n): print(n.id, n.lineno, n.col_offset)
V().visit(t)
# expect: int 1 9
# expect: y 2 12
# expect: y 2 18
# expect: x 2 23
# expect: y 2 28
# expect: x 2 37
# expect: str 1 25
try:
    ast.literal_eval("f()")
except ValueError as e:
    print(str(e).split(" on line")[0].split(":")[0])  # expect: malformed node or string
