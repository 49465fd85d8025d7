print(sorted({c.lower() for c in "AbBa"}))  # expect: ['a', 'b']
