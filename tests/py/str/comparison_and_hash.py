print("a" < "b", "a" < "B", "abc" < "abd", "" < "a", "é" > "z", "😀" > "\uffff", "a" == b"a", hash("a") == hash("a"))  # expect: True False True True True True False True
print(sorted(["b", "A", "a", "é", "", "aa"]), max("hello"), min("hello"))  # expect: ['', 'A', 'a', 'aa', 'b', 'é'] o e
