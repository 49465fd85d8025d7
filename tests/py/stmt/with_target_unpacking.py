from contextlib import nullcontext
with nullcontext((1, (2, 3))) as (a, (b, c)):
    print(a, b, c)  # expect: 1 2 3
class O: pass
with nullcontext(5) as O.attr: pass
print(O.attr)  # expect: 5
