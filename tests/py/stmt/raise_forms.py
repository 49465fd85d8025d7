for make in (lambda: ValueError, lambda: ValueError("x"), lambda: 1, lambda: "s"):
    try:
        raise make()
    except Exception as e:
        print(type(e).__name__, e)
        # expect: ValueError
        # expect: ValueError x
        # expect: TypeError exceptions must derive from BaseException
        # expect: TypeError exceptions must derive from BaseException
try:
    raise
except RuntimeError as e:
    print(e)  # expect: No active exception to reraise
