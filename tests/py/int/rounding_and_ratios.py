print(round(1234, -2), round(1250, -2), round(1350, -2), round(-15, -1), round(5, 3))  # expect: 1200 1200 1400 -20 5
print((7).as_integer_ratio(), (5).conjugate(), (5).numerator, (5).denominator, (5).is_integer())  # expect: (7, 1) 5 5 1 True
print(True + True, True / 2, -True, bool("0"), isinstance(True, int))  # expect: 2 0.5 -1 True True
