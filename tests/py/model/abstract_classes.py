from abc import ABC, abstractmethod
class A(ABC):
    @abstractmethod
    def f(self): ...
    @abstractmethod
    def g(self): ...
class B(A):
    def f(self): ...
for k in (A, B):
    try:
        k()
    except TypeError as e:
        print(e)
        # expect: Can't instantiate abstract class A without an implementation for abstract methods 'f', 'g'
        # expect: Can't instantiate abstract class B without an implementation for abstract method 'g'
@A.register
class V: pass
print(issubclass(V, A), isinstance(V(), A))  # expect: True True
