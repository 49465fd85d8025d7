print(f"{42:d} {42:x} {42:X} {42:o} {42:b} {42:#x} {42:#o} {42:#b} {42:c} {42:e} {42:.1f} {42:%}")  # expect: 42 2a 2A 52 101010 0x2a 0o52 0b101010 * 4.200000e+01 42.0 4200.000000%
print(f"{-42:08d} {42:+} {42: } {1234567:,} {1234567:_} {0xFFFFF:_x} {42:<6}|{42:^6}|{42:=+6}|{42:*>6}")  # expect: -0000042 +42  42 1,234,567 1_234_567 f_ffff 42    |  42  |+   42|****42
for spec in ("s", ".2d", ",x", "q", "+c", "1.1.1", ",_"):
    try:
        format(42, spec)
    except ValueError as e:
        print(e)
        # expect: Unknown format code 's' for object of type 'int'
        # expect: Precision not allowed in integer format specifier
        # expect: Cannot specify ',' with 'x'.
        # expect: Unknown format code 'q' for object of type 'int'
        # expect: Sign not allowed with integer format specifier 'c'
        # expect: Invalid format specifier '1.1.1' for object of type 'int'
        # expect: Cannot specify both ',' and '_'.
