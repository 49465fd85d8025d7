def chain(n):
    if n:
        yield from chain(n - 1)
    else:
        yield "bottom"
print(list(chain(300)))  # expect: ['bottom']
def walk(t):
    if t:
        yield from walk(t[0]); yield t[1]; yield from walk(t[2])
print(list(walk(((None, 1, None), 2, (None, 3, None)))))  # expect: [1, 2, 3]
