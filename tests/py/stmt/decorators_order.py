def deco(n):
    print("make", n)
    def d(f):
        print("apply", n)
        return f
    return d
@deco(1)
@deco(2)
def f(): pass
@(lambda c: [c.__name__])
class K: pass
print(K)
# expect: make 1
# expect: make 2
# expect: apply 2
# expect: apply 1
# expect: ['K']
