class S:
    def __getitem__(self, k):
        return k
s = S()
print(s[1:2], s[:], s[::2], s[1:2, 3], s[...], s[()])  # expect: slice(1, 2, None) slice(None, None, None) slice(None, None, 2) (slice(1, 2, None), 3) Ellipsis ()
