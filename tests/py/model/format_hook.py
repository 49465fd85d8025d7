class Money:
    def __init__(self, v): self.v = v
    def __format__(self, spec):
        return f"${self.v:{spec or '.2f'}}"
m = Money(12.5)
print(f"{m} {m:.0f} {m:08.3f}", format(m), "{:>10}".format(m), "{0:.1f}{0}".format(m))  # expect: $12.50 $12 $0012.500 $12.50 $      12.5 $12.5$12.50
