# stdin: first
# stdin: second
print(input(), input("prompt "))  # expect: prompt first second
try:
    input()
except EOFError as e:
    print(repr(e))  # expect: EOFError('EOF when reading a line')
