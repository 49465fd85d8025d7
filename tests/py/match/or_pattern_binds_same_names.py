for v in ((1, "x"), ("x", 1), (2, 2)):
    match v:
        case (1, y) | (y, 1): print(y)
        # expect: x
        # expect: x
        case _: print("no")  # expect: no
