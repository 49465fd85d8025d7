for x in range(4):
    if x == 0:
        print("zero")  # expect: zero
    elif x == 1:
        print("one")  # expect: one
    elif x == 2: print("two")  # expect: two
    else:
        print("many")  # expect: many
