import _cycle_a
value = "b"
