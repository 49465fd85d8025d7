try:
    int.foo = 1
except TypeError as e:
    print(e)  # expect: cannot set 'foo' attribute of immutable type 'int'
try:
    del str.upper
except TypeError as e:
    print(e)  # expect: cannot set 'upper' attribute of immutable type 'str'
