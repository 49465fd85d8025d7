match (1, 2):
    case (a, b) if a > b:
        print("never")
    case (c, d):
        print(a, b, c, d)  # expect: 1 2 1 2
