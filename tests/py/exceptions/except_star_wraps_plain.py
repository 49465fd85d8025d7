try:
    raise ValueError("plain")
except* ValueError as e:
    print(repr(e))  # expect: ExceptionGroup('', (ValueError('plain'),))
