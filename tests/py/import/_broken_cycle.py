import _broken_cycle_b
name = 1
