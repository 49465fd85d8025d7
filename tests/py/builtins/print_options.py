import sys
print(1, 2, sep="-", end="!\n")
print("a", "b", sep="\n")
print(*[], end="x\n")
print("to stdout", file=sys.stdout, flush=True)
for kw in ({"sep": 1}, {"end": 1}, {"bad": 1}):
    try:
        print(**kw)
    except TypeError as e:
        print(e)
# expect: 1-2!
# expect: a
# expect: b
# expect: x
# expect: to stdout
# expect: sep must be None or a string, not int
# expect: end must be None or a string, not int
# expect: print() got an unexpected keyword argument 'bad'
