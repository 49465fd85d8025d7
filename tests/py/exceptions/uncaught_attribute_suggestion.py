class C:
    def compute(self): pass
C().compote()
# expect-error: AttributeError: 'C' object has no attribute 'compote'. Did you mean: 'compute'?
