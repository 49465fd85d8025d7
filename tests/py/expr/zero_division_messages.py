def attempt(f):
    try:
        f()
    except ZeroDivisionError as e:
        print(e)  # expect: division by zero
        # expect: division by zero
        # expect: division by zero
        # expect: division by zero
        # expect: division by zero
        # expect: division by zero
        # expect: division by zero
        # expect: division by zero
        # expect: zero to a negative power
        # expect: zero to a negative power
        # expect: division by zero
attempt(lambda: 1 / 0)
attempt(lambda: 1 // 0)
attempt(lambda: 1 % 0)
attempt(lambda: divmod(1, 0))
attempt(lambda: 1.0 / 0)
attempt(lambda: 1.0 // 0)
attempt(lambda: 1.0 % 0)
attempt(lambda: 1j / 0)
attempt(lambda: 0 ** -1)
attempt(lambda: 0.0 ** -1)
attempt(lambda: pow(2, 1, 0) if False else divmod(1.0, 0.0))
