print("a" "b" 'c' f"{1}" "d", b"x" b"y")  # expect: abc1d b'xy'
