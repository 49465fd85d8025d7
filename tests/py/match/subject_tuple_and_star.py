a, b = 1, [2, 3]
match a, *b:
    case 1, 2, 3: print("matched")  # expect: matched
match a,:
    case [x]: print(x)  # expect: 1
