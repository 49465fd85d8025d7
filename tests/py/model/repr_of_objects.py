class C:
    class Inner: pass
    def method(self): pass
def f(): pass
print(C, C.Inner, type(C().method).__name__)  # expect: <class '__main__.C'> <class '__main__.C.Inner'> method
print(f.__qualname__, C.Inner.__qualname__, (lambda: 0).__qualname__)  # expect: f C.Inner <lambda>
print(int, type, len, [].append.__qualname__, str.join, dict.fromkeys.__name__)  # expect: <class 'int'> <class 'type'> <built-in function len> list.append <method 'join' of 'str' objects> fromkeys
print(repr(C()).split(" at ")[0], repr(f).split(" at ")[0])  # expect: <__main__.C object <function f
