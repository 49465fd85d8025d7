import _cycle_a
print(_cycle_a.value, _cycle_a.b.value)  # expect: a sees b b
