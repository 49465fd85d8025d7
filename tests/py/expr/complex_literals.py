print(1j, 1 + 2j, -1j, 0j, 1.5e2J, (1 + 2j) * (3 - 1j))  # expect: 1j (1+2j) (-0-1j) 0j 150j (5+5j)
print(complex(0, -0.0), -0j, complex("1-2j"))  # expect: -0j (-0-0j) (1-2j)
