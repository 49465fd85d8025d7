class C:
    def __init__(self): self.field = 1
    def get(self): return field
C().get()
# expect-error: NameError: name 'field' is not defined. Did you mean: 'self.field'?
