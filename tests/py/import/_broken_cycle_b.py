from _broken_cycle import name
