try:
    try:
        raise ValueError("a")
    finally:
        raise TypeError("b")
except TypeError as e:
    print(repr(e.__context__), e.__suppress_context__)  # expect: ValueError('a') False
