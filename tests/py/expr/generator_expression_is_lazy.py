def noisy():
    for i in range(3):
        print("made", i)
        yield i
g = (x * 10 for x in noisy())
print("created")
print(next(g))
print(list(g))
# expect: created
# expect: made 0
# expect: 0
# expect: made 1
# expect: made 2
# expect: [10, 20]
