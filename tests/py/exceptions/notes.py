e = ValueError("x")
print(hasattr(e, "__notes__"))  # expect: False
e.add_note("n")
print(e.__notes__)  # expect: ['n']
try:
    e.add_note(1)
except TypeError as t:
    print(t)  # expect: add_note() argument must be str, not int
