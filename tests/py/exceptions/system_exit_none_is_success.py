try:
    raise SystemExit
except SystemExit as e:
    print(repr(e), e.code)  # expect: SystemExit() None
raise SystemExit(None)
