import warnings
with warnings.catch_warnings(record=True) as w:
    warnings.simplefilter("always")
    warnings.warn("dep", DeprecationWarning); warnings.warn("user")
    warnings.filterwarnings("ignore", message="quiet"); warnings.warn("quiet please")
    print([(x.category.__name__, str(x.message)) for x in w])  # expect: [('DeprecationWarning', 'dep'), ('UserWarning', 'user')]
    warnings.simplefilter("error")
    try:
        warnings.warn("raised")
    except UserWarning as e:
        print(repr(e))  # expect: UserWarning('raised')
