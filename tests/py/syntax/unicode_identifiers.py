α, 变量, _é = 1, 2, 3
print(α + 变量 + _é)  # expect: 6
ﬁ = 4
print(fi)  # expect: 4
class Ünï: naïve = 5
print(Ünï.naïve, "ﬁ".isidentifier())  # expect: 5 True
