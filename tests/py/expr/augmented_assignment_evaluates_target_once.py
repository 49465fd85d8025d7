class L(list):
    def __getitem__(self, i):
        print("get", i)
        return super().__getitem__(i)
    def __setitem__(self, i, v):
        print("set", i, v)
        super().__setitem__(i, v)
def i():
    print("index")
    return 0
x = L([1])
x[i()] += 5
# expect: index
# expect: get 0
# expect: set 0 6
