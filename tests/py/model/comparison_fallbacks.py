class A:
    def __eq__(self, o): print("A.eq"); return NotImplemented
    def __lt__(self, o): print("A.lt"); return NotImplemented
class B:
    def __eq__(self, o): print("B.eq"); return NotImplemented
    def __gt__(self, o): print("B.gt"); return "gt"
print(A() == B())
# expect: A.eq
# expect: B.eq
# expect: False
print(A() < B())
# expect: A.lt
# expect: B.gt
# expect: gt
print(A() != A())
# expect: A.eq
# expect: A.eq
# expect: True
try:
    A() < A()  # expect: A.lt
except TypeError as e:
    print(e)  # expect: '<' not supported between instances of 'A' and 'A'
