try:
    try:
        raise ExceptionGroup("g", [ValueError(1), OSError(2)])
    except* ValueError:
        print("handled")  # expect: handled
except ExceptionGroup as e:
    print(repr(e))  # expect: ExceptionGroup('g', [OSError(2)])
