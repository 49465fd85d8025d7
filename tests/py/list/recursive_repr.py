l = [1]
l.append(l)
print(l)  # expect: [1, [...]]
d = {}
d["d"] = d
print(d)  # expect: {'d': {...}}
t = ([],)
t[0].append(t)
print(t)  # expect: ([(...)],)
try:
    l == [1, l] or l[1] == l
    m = [m0 := []]
    m0.append(m); n = [n0 := []]; n0.append(n)
    m == n
except RecursionError as e:
    print("RecursionError")  # expect: RecursionError
