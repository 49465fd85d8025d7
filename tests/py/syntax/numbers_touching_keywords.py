import warnings
with warnings.catch_warnings(record=True) as w:
    warnings.simplefilter("always")
    print(eval("1if 1else 2"), eval("[1for x in '1']"))  # expect: 1 [1]
print([str(x.message) for x in w])  # expect: ['invalid decimal literal', 'invalid decimal literal', 'invalid decimal literal']
