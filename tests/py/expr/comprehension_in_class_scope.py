class C:  # expect: name 'n' is not defined
    xs = [1, 2]
    n = 10
    ok = [x for x in xs]
    try:
        bad = [n for x in xs]
    except NameError as e:
        print(e)
print(C.ok)  # expect: [1, 2]
