import _pkg.lazy as lazy
print(lazy.anything, dir(lazy))  # expect: lazy anything ['a', 'b']
try:
    lazy.missing
except AttributeError as e:
    print(e)  # expect: no missing
