z = 3 + 4j
print(abs(z), z.conjugate(), z * z, z / (1 - 1j), z ** 2, z ** 0.5, -z, z.real, z.imag)  # expect: 5.0 (3-4j) (-7+24j) (-0.5+3.5j) (-7+24j) (2+1j) (-3-4j) 3.0 4.0
print(complex(1.5), complex(-0.0, -0.0), complex("nan+infj"), 1j * 1j, complex(1, -1) == (1 - 1j), hash(1 + 0j) == hash(1))  # expect: (1.5+0j) (-0-0j) (nan+infj) (-1+0j) True True
print(f"{z:.2f} {z:>12} {z!r}")  # expect: 3.00+4.00j       (3+4j) (3+4j)
for f in (lambda: z < z, lambda: z // 1, lambda: complex("1 + 2j"), lambda: complex("a"), lambda: int(z), lambda: complex([]), lambda: complex("1", 2)):
    try:
        f()
    except (TypeError, ValueError) as e:
        print(type(e).__name__, e)
        # expect: TypeError '<' not supported between instances of 'complex' and 'complex'
        # expect: TypeError unsupported operand type(s) for //: 'complex' and 'int'
        # expect: ValueError complex() arg is a malformed string
        # expect: ValueError complex() arg is a malformed string
        # expect: TypeError int() argument must be a string, a bytes-like object or a real number, not 'complex'
        # expect: TypeError complex() argument must be a string or a number, not list
        # expect: TypeError complex() argument 'real' must be a real number, not str
