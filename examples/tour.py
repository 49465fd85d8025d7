"""A tour of Python 3.14 in one file. Run it: protopy examples/tour.py"""

import asyncio
import json
import re
from collections import Counter, defaultdict, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from fractions import Fraction
from functools import cache, reduce
from itertools import batched, islice, pairwise
from pathlib import PurePosixPath
from string.templatelib import Interpolation, Template


def title(text: str) -> None:
    print(f"\n{f' {text} ':=^64}")


title("Numbers")
print(f"{2**100 = }, {10**20 // 7 = :,}")
print(f"{0.1 + 0.2 = }, {round(2.675, 2) = }, {Fraction(1, 3) + Fraction(1, 6) = }")
print(f"{(1 + 2j) * (3 - 1j) = }, {255:#x} {255:#b} {1e6:g} {1234567.891:,.2f}")

title("Data classes, enums and pattern matching")


class Kind(Enum):
    CIRCLE = auto()
    SQUARE = auto()


@dataclass(frozen=True, order=True)
class Shape:
    kind: Kind = field(compare=False)
    size: float


@dataclass
class Group[T]:
    name: str
    items: list[T] = field(default_factory=list)


def describe(thing: object) -> str:
    match thing:
        case Shape(Kind.CIRCLE, size=r) if r > 10:
            return f"a huge circle of radius {r}"
        case Shape(kind, size):
            return f"a {kind.name.lower()} of size {size}"
        case Group(name, [first, *rest]):
            return f"{name}: {describe(first)}, and {len(rest)} more"
        case {"kind": str(kind), **options}:
            return f"a mapping for {kind} with {options}"
        case [x, y] | (x, y, _):
            return f"begins with {x} and {y}"
        case int() | float() as number:
            return f"the number {number}"
        case _:
            return "something else"


shapes = Group("shapes", [Shape(Kind.CIRCLE, 2.0), Shape(Kind.SQUARE, 1.5), Shape(Kind.CIRCLE, 12.0)])
for thing in (*shapes.items, shapes, {"kind": "hexagon", "n": 6}, (1, 2, 3), 42, None):
    print("-", describe(thing))
print("smallest:", min(shapes.items))

title("Generators and comprehensions")


def collatz(n: int):
    while n != 1:
        yield n
        n = n // 2 if n % 2 == 0 else 3 * n + 1
    return "reached one"


def verbose(n: int):
    print("=>", (yield from collatz(n)))


print(list(verbose(6)))
primes = [n for n in range(2, 50) if all(n % d for d in range(2, int(n**0.5) + 1))]
print(primes, sorted({b - a for a, b in pairwise(primes)}))
print({k: list(v) for k, v in zip("abc", batched(range(7), 3))})
print(list(islice(iter(primes), 2, None, 5)), (last := primes[-1]) % 10, last)

title("Text, regular expressions, JSON, paths")
words = re.findall(r"\b[a-z]+", "The quick brown fox jumps over the lazy dog; the end".lower())
print(Counter(words).most_common(1), sorted(set(map(len, words))))
print(re.sub(r"(?P<y>\d{4})-(?P<m>\d\d)", r"\g<m>/\g<y>", "from 2025-10 to 2026-11"))
record = {"name": "naïve café ☕", "tags": ["π", None, True], "nested": {"depth": 2.5}}
print(json.dumps(record, ensure_ascii=False), json.loads(json.dumps(record)) == record)
path = PurePosixPath("/usr/lib") / "python3.14" / "os.py"
print(path.stem, path.suffix, path.parent.name, path.with_name("io.py"))

title("Template strings")


def escape(template: Template) -> str:
    def part(item: str | Interpolation) -> str:
        return item if isinstance(item, str) else str(item.value).replace("<", "&lt;")

    return "".join(map(part, template))


evil = "<script>"
print(escape(t"<p>Hello, {evil}!</p>"), t"{1 + 1:>4}".interpolations[0].expression)

title("Exceptions")


@contextmanager
def logged(name: str):
    print("enter", name)
    try:
        yield name.upper()
    finally:
        print("leave", name)


try:
    with logged("block") as upper:
        errors = [ValueError("bad value"), TypeError("bad type"), OSError(2, "gone")]
        raise ExceptionGroup(f"three problems in {upper}", errors)
except* (ValueError, TypeError) as group:
    print([str(e) for e in group.exceptions])
except* OSError as group:
    group.exceptions[0].add_note("a note")
    print(repr(group.exceptions[0]), group.exceptions[0].__notes__)

try:
    {"a": 1}["b"]
except KeyError, IndexError:
    print("no parentheses needed")

title("Functions, closures and type parameters")


def compose[A, B, C](f: "callable[[A], B]", g: "callable[[B], C]"):
    return lambda x: g(f(x))


@cache
def fib(n: int) -> int:
    return n if n < 2 else fib(n - 1) + fib(n - 2)


type Pair[T] = tuple[T, T]
print(compose(len, lambda n: n**2)("four"), fib(90), Pair[int].__value__, compose.__type_params__)
print(reduce(lambda acc, x: [*acc, acc[-1] + x], range(1, 6), [0]), (lambda *a, k=1, **kw: (a, k, kw))(1, 2, z=3))

title("Classes")


class Unit:
    registry: dict[str, type] = {}

    def __init_subclass__(cls, /, symbol: str, **options):
        super().__init_subclass__(**options)
        Unit.registry[symbol] = cls

    def __init__(self, value):
        self.value = value

    def __add__(self, other):
        return type(self)(self.value + other.value) if type(other) is type(self) else NotImplemented

    def __repr__(self):
        return f"{type(self).__name__}({self.value})"


class Metre(Unit, symbol="m"): ...


class Second(Unit, symbol="s"): ...


print(Metre(1) + Metre(2), Unit.registry)
try:
    Metre(1) + Second(1)
except TypeError as error:
    print(error)

title("async and await")


async def worker(name: str, queue: asyncio.Queue, log: deque):
    while (job := await queue.get()) is not None:
        await asyncio.sleep(0)
        log.append((name, job * job))


async def main():
    queue, log = asyncio.Queue(), deque()
    async with asyncio.TaskGroup() as tasks:
        for name in "ab":
            tasks.create_task(worker(name, queue, log))
        for job in (1, 2, 3, 4, None, None):
            await queue.put(job)
    done = defaultdict(list)
    for name, result in log:
        done[name].append(result)
    print(sorted(result for _, result in log), sorted(done))
    print([x async for x in ticker(3)])


async def ticker(n: int):
    for i in range(n):
        await asyncio.sleep(0)
        yield f"tick {i}"


asyncio.run(main())
