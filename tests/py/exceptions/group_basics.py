g = ExceptionGroup("m", [ValueError(1), ExceptionGroup("n", [TypeError(2), ValueError(3)])])
print(g, repr(g), g.message, len(g.exceptions))  # expect: m (2 sub-exceptions) ExceptionGroup('m', [ValueError(1), ExceptionGroup('n', [TypeError(2), ValueError(3)])]) m 2
print(g.subgroup(TypeError), g.split(ValueError)[1], g.subgroup(lambda e: False), g.derive([KeyError()]))  # expect: m (1 sub-exception) m (1 sub-exception) None m (1 sub-exception)
print(type(BaseExceptionGroup("b", [ValueError()])).__name__, type(BaseExceptionGroup("b", [KeyboardInterrupt()])).__name__)  # expect: ExceptionGroup BaseExceptionGroup
for a in (("m",), ("m", []), ("m", [1]), (1, [ValueError()]), ("m", [KeyboardInterrupt()]), ("m", 5)):
    try:
        ExceptionGroup(*a)
    except (TypeError, ValueError) as e:
        print(type(e).__name__, e)
        # expect: TypeError BaseExceptionGroup.__new__() takes exactly 2 arguments (1 given)
        # expect: ValueError second argument (exceptions) must be a non-empty sequence
        # expect: ValueError Item 0 of second argument (exceptions) is not an exception
        # expect: TypeError BaseExceptionGroup.__new__() argument 1 must be str, not int
        # expect: TypeError Cannot nest BaseExceptions in an ExceptionGroup
        # expect: TypeError second argument (exceptions) must be a sequence
