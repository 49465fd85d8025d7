import random
r = random.Random(42)
print(r.random(), r.randint(1, 100), r.choice("abc"), r.sample(range(10), 3), r.gauss(0, 1), r.getrandbits(64))  # expect: 0.6394267984578837 4 c [4, 3, 8] 0.2974745204017183 16457808150190122675
l = list(range(5)); r.shuffle(l); print(l, random.Random("seed").random(), r.choices("ab", k=4))  # expect: [3, 1, 2, 0, 4] 0.1382359792209653 ['a', 'a', 'a', 'b']
