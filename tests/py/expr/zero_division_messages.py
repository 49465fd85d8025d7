def attempt(f):
    try:
        f()
    except ZeroDivisionError as e:
        print(e)
attempt(lambda: 1 / 0)  # expect: division by zero
attempt(lambda: 1 // 0)  # expect: division by zero
attempt(lambda: 1 % 0)  # expect: division by zero
attempt(lambda: divmod(1, 0))  # expect: division by zero
attempt(lambda: 1.0 / 0)  # expect: division by zero
attempt(lambda: 1.0 // 0)  # expect: division by zero
attempt(lambda: 1.0 % 0)  # expect: division by zero
attempt(lambda: 1j / 0)  # expect: division by zero
attempt(lambda: 0 ** -1)  # expect: zero to a negative power
attempt(lambda: 0.0 ** -1)  # expect: zero to a negative power
attempt(lambda: divmod(1.0, 0.0))  # expect: division by zero
