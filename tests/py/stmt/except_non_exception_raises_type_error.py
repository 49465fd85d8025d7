try:
    try:
        raise ValueError
    except "nope":
        pass
except TypeError as e:
    print(e)  # expect: catching classes that do not inherit from BaseException is not allowed
    print(type(e.__context__).__name__)  # expect: ValueError
