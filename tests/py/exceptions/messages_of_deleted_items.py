# Deleting an item: the words depend on whether the key may be an index.
import types

for o in (types.MappingProxyType({}), (1,), frozenset(), 5):
    for k in (0, "x"):
        try:
            del o[k]
        except TypeError as e:
            print(e)
# expect: 'mappingproxy' object doesn't support item deletion
# expect: 'mappingproxy' object does not support item deletion
# expect: 'tuple' object doesn't support item deletion
# expect: 'tuple' object does not support item deletion
# expect: 'frozenset' object doesn't support item deletion
# expect: 'frozenset' object does not support item deletion
# expect: 'int' object does not support item deletion
# expect: 'int' object does not support item deletion
