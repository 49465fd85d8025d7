s = "héllo😀"
print(len(s), s[-1], s[1:4], s[::-1], s[::2], s[10:], s[-100:2])  # expect: 6 😀 éll 😀olléh hlo  hé
for f in (lambda: s[6], lambda: s[-7], lambda: s["a"], lambda: s[::0]):
    try:
        f()
    except (IndexError, TypeError, ValueError) as e:
        print(type(e).__name__, e)
        # expect: IndexError string index out of range
        # expect: IndexError string index out of range
        # expect: TypeError string indices must be integers, not 'str'
        # expect: ValueError slice step cannot be zero
