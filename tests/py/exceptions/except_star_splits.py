try:
    raise ExceptionGroup("g", [ValueError(1), TypeError(2), KeyError(3)])
except* ValueError as e:
    print(repr(e))  # expect: ExceptionGroup('g', [ValueError(1)])
except* (TypeError, KeyError) as e:
    print(repr(e))  # expect: ExceptionGroup('g', [TypeError(2), KeyError(3)])
else:
    print("else")
finally:
    print("finally")  # expect: finally
