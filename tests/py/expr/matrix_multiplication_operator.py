class M:
    def __matmul__(self, o): return "mat"
    def __rmatmul__(self, o): return "rmat"
    def __imatmul__(self, o): return "imat"
m = M()
print(m @ 1, 1 @ m)  # expect: mat rmat
m @= 1
print(m)  # expect: imat
