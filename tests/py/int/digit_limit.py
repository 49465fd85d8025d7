import sys
print(sys.get_int_max_str_digits())  # expect: 4300
for f in (lambda: str(10 ** 5000), lambda: int("1" * 5000), lambda: sys.set_int_max_str_digits(100)):
    try:
        f()
    except ValueError as e:
        print(e)
        # expect: Exceeds the limit (4300 digits) for integer string conversion; use sys.set_int_max_str_digits() to increase the limit
        # expect: Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits; use sys.set_int_max_str_digits() to increase the limit
        # expect: maxdigits must be >= 640 or 0 for unlimited
print(len(hex(10 ** 5000)))  # expect: 4155
