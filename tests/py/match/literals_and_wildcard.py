def f(x):
    match x:
        case 0: return "zero"
        case -1 | -2: return "negative"
        case "s": return "string"
        case b"b": return "bytes"
        case None: return "none"
        case True: return "true"
        case 1.5 | 2 + 3j: return "number"
        case _: return "other"
print([f(v) for v in (0, -2, "s", b"b", None, True, 1.5, 2 + 3j, 0.0, 1, [])])  # expect: ['zero', 'negative', 'string', 'bytes', 'none', 'true', 'number', 'number', 'zero', 'other', 'other']
