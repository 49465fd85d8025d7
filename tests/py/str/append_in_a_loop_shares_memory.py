# A str that grows by `+=` is extended in place where possible; earlier values keep their content.
s = "a" * 300
seen = []
for i in range(2000):
    s += "bc"
    if i % 400 == 0:
        seen.append(s)
print(len(s), s[:3], s[-3:], [len(x) for x in seen])  # expect: 4300 aaa cbc [302, 1102, 1902, 2702, 3502]
print(all(x == "a" * 300 + "bc" * ((len(x) - 300) // 2) for x in seen))  # expect: True

# Two continuations of one value do not see each other.
base = seen[0] + "x"
base += "y"
one = base + "one"
two = base + "two"
print(one[-5:], two[-5:], base[-2:], one == two)  # expect: xyone xytwo xy False

# A wider character widens the result only.
t = base
t += "é"
t += "€"
t += "\U0001F600"
print(ascii(t[-5:]), len(t), base.isascii(), t.isascii())  # expect: 'xy\xe9\u20ac\U0001f600' 307 True False

# Such strs are keys and names like any others.
d = {one: 1}
print(d["a" * 300 + "bcxyone"], hash(one) == hash("".join(list(one))), one is one + "")  # expect: 1 True True
name = "k" * 300
name += "_1"
name += "_2"
class C: pass
setattr(C, name, 5)
print(getattr(C(), "k" * 300 + "_1_2"), name in vars(C))  # expect: 5 True

big = ""
for i in range(200000):
    big += "ab"
print(len(big), big.count("ab"))  # expect: 400000 200000
x = "z" * 400
x += "y"
x += x
x += x
print(len(x), x == ("z" * 400 + "y") * 4)  # expect: 1604 True
