# Decimals and contexts as objects: made without __init__, subclassed, shared, copied.
import copy, decimal, pickle, threading
from decimal import Context, Decimal, Inexact, InvalidOperation, getcontext, localcontext, setcontext

d = Decimal.__new__(Decimal)
print(d, repr(d), d + 1, hash(d), d == 0, str(Decimal.__new__(Decimal, "2.50")))  # expect: 0 Decimal('0') 1 0 True 2.50
c = Context.__new__(Context)
print(c.prec, c.add(1, 2), c.flags[Inexact], c == c)  # expect: 28 3 False True

class Money(Decimal):
    def __new__(cls, v, unit="EUR"):
        self = super().__new__(cls, v)
        self.unit = unit
        return self

m = Money("1.10", "USD")
print(type(m + 1).__name__, m.unit, m, pickle.loads(pickle.dumps(m)) == m)  # expect: Decimal USD 1.10 True
print(type(copy.copy(m)).__name__, copy.deepcopy(m).unit, Money.from_float(0.5), type(Money.from_float(0.5)).__name__)  # expect: Money USD 0.5 Money

c5 = Context(prec=5)
s = c5.flags
try:
    del s[Inexact]
except ValueError as e:
    print(e)  # expect: signal keys cannot be deleted
f = getcontext().flags
print(f is getcontext().flags, len(f), f == f.copy(), type(f.copy()).__name__)  # expect: True 9 True dict
t = type(f)()
for act in (lambda: t[Inexact], lambda: len(t), lambda: repr(t), lambda: t.copy()):
    try:
        act()
    except ValueError as e:
        print(e)
        # expect: invalid signal dict
        # expect: invalid signal dict
        # expect: invalid signal dict
        # expect: invalid signal dict

# A thread may have a context of its own; a shared one keeps every flag and never mixes numbers.
seen = []
def own():
    setcontext(Context(prec=3))
    seen.append(getcontext() is not main)
    seen.append(str(Decimal(1) / 3))
main = getcontext()
t = threading.Thread(target=own)
t.start()
t.join()
print(seen, str(Decimal(1) / 3))  # expect: [True, '0.333'] 0.3333333333333333333333333333

shared = Context(prec=30, traps=[])
big = Decimal("1" * 200)
bad = []
def work(k):
    setcontext(shared)
    n = Decimal(k + 2)
    for i in range(2000):
        if (n * i) / n != i or (big + n) - n == 0 or shared.divide(i, n) * n - i > Decimal("1e-20"):
            bad.append(k)
        shared.prec = 30 + i % 3
        shared.clear_flags() if i % 7 == 0 else shared.sqrt(2)
        shared.flags, shared.traps
threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]
print(bad, shared.flags[InvalidOperation])  # expect: [] False
