l = [1, 2, 3]
for x in l:
    if len(l) < 6:
        l.append(x * 10)
print(l)  # expect: [1, 2, 3, 10, 20, 30]
