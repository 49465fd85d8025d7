a = b = [1]
a += (2,)
print(b)  # expect: [1, 2]
a = b = (1,)
a += (2,)
print(b)  # expect: (1,)
n = 7
n -= 2; n *= 3; n //= 2; n **= 2; n %= 10; n <<= 3; n >>= 1; n |= 1; n &= 15; n ^= 2; n /= 2
print(n)  # expect: 3.5
