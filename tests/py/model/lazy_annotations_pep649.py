class C:
    x: Later
    def f(self, a: Later) -> "Later": ...
try:
    C.__annotations__
except NameError as e:
    print(e)  # expect: name 'Later' is not defined
class Later: pass
print(C.__annotations__, C.f.__annotations__)  # expect: {'x': <class '__main__.Later'>} {'a': <class '__main__.Later'>, 'return': 'Later'}
import annotationlib
def g(a: Undefined, b: int = 0): ...
print(annotationlib.get_annotations(g, format=annotationlib.Format.STRING))  # expect: {'a': 'Undefined', 'b': 'int'}
fwd = annotationlib.get_annotations(g, format=annotationlib.Format.FORWARDREF)
print(fwd["a"].__forward_arg__, fwd["b"])  # expect: Undefined <class 'int'>
