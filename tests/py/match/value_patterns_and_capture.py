class K:
    RED, BLUE = 1, 2
def f(x):
    match x:
        case K.RED: return "red"
        case K.BLUE: return "blue"
        case other: return other
print(f(1), f(2), f("x"))  # expect: red blue x
match [1, [2, 3]]:
    case [a, [b, _] as inner] as whole:
        print(a, b, inner, whole)  # expect: 1 2 [2, 3] [1, [2, 3]]
