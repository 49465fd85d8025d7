def noisy():
    for i in range(3):
        print("made", i)
        yield i
g = (x * 10 for x in noisy())
print("created")  # expect: created
print(next(g))
# expect: made 0
# expect: 0
print(list(g))
# expect: made 1
# expect: made 2
# expect: [10, 20]
