l = [3, 1, 2]
l.append(5); l.extend("ab"); l.insert(1, "i"); l.insert(-100, "first"); l.insert(100, "last")
print(l, l.index("a"), l.count(1), l.pop(), l.pop(0), l.pop(-2))  # expect: [3, 'i', 1, 2, 5, 'b'] 6 1 last first a
l.remove("i"); l.reverse(); print(l, l.copy() is l); l.clear(); print(l)
# expect: ['b', 5, 2, 1, 3] False
# expect: []
for f in (lambda: l.pop(), lambda: [1].pop(5), lambda: [].remove(1), lambda: [].index(1), lambda: [].append(), lambda: l.extend(1), lambda: [1].pop("a"), lambda: l.insert("a", 1), lambda: [1, 2].index(2, 0, 1)):
    try:
        f()
    except (IndexError, ValueError, TypeError) as e:
        print(type(e).__name__, e)
        # expect: IndexError pop from empty list
        # expect: IndexError pop index out of range
        # expect: ValueError list.remove(x): x not in list
        # expect: ValueError list.index(x): x not in list
        # expect: TypeError list.append() takes exactly one argument (0 given)
        # expect: TypeError 'int' object is not iterable
        # expect: TypeError 'str' object cannot be interpreted as an integer
        # expect: TypeError 'str' object cannot be interpreted as an integer
        # expect: ValueError list.index(x): x not in list
