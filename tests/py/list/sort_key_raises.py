l = [3, 1, 2]
try:
    l.sort(key=lambda x: 1 / (x - 1))
except ZeroDivisionError as e:
    print(e, l)  # expect: division by zero [3, 1, 2]
try:
    [1, "a"].sort()
except TypeError as e:
    print(e)  # expect: '<' not supported between instances of 'str' and 'int'
try:
    [1].sort(lambda a: a)
except TypeError as e:
    print(e)  # expect: sort() takes no positional arguments
