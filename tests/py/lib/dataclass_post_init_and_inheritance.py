from dataclasses import dataclass, InitVar, field
@dataclass
class A:
    x: int
    scale: InitVar[int] = 1
    y: int = field(init=False)
    def __post_init__(self, scale): self.y = self.x * scale
@dataclass
class B(A):
    z: str = "z"
print(A(2, 5), B(1, 2, "q"))  # expect: A(x=2, y=10) B(x=1, y=2, z='q')
