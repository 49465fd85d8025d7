class C:
    def __eq__(self, o): return True
try:
    hash(C())
except TypeError as e:
    print(e, C.__hash__)  # expect: unhashable type: 'C' None
try:
    {C(): 1}
except TypeError as e:
    print(e)  # expect: cannot use 'C' as a dict key (unhashable type: 'C')
try:
    {[]}
except TypeError as e:
    print(e)  # expect: cannot use 'list' as a set element (unhashable type: 'list')
