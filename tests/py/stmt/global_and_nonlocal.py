x = 0
def outer():
    x = 1
    def inner():
        nonlocal x
        x += 10
        return x
    def globe():
        global x
        x += 100
    inner(); globe()
    return x
print(outer(), x)  # expect: 11 100
