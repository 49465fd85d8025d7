print(1 .real, (1).bit_length(), 1.5.is_integer(), 1..hex())  # expect: 1 1 False 0x1.0000000000000p+0
