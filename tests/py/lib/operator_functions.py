import operator as op
print(op.itemgetter(1, 0)("ab"), op.attrgetter("real", "imag")(3j), op.methodcaller("upper")("a"), op.add(1, 2), op.countOf("aab", "a"), op.concat([1], [2]), op.index(True), op.length_hint([1]))  # expect: ('b', 'a') (0.0, 3.0) A 3 2 [1, 2] 1 1
