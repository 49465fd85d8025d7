try:
    assert 1 == 2, "msg"
except AssertionError as e:
    print(repr(e))  # expect: AssertionError('msg')
try:
    assert []
except AssertionError as e:
    print(repr(e), e.args)  # expect: AssertionError() ()
assert True, 1 / 0
