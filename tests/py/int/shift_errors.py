for f in (lambda: 1 << -1, lambda: 1 >> -1, lambda: 1 << 10 ** 30, lambda: 0 << 10 ** 30):
    try:
        print(f())
    except (ValueError, OverflowError, MemoryError) as e:
        print(type(e).__name__, e)
print(-5 >> 1, -1 >> 100, 5 >> 10 ** 30)
# expect: ValueError negative shift count
# expect: ValueError negative shift count
# expect: OverflowError too many digits in integer
# expect: 0
# expect: -3 -1 0
