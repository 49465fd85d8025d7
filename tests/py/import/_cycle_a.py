import _cycle_b as b
value = "a sees " + b.value
