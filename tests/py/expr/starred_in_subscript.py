class T:
    def __class_getitem__(cls, item):
        return item
print(T[*[1, 2], 3])  # expect: (1, 2, 3)
print(T[1], T[1,], T[1:2, ...], T[*()])  # expect: 1 (1,) (slice(1, 2, None), Ellipsis) ()
