try:
    import _broken_cycle
except ImportError as e:
    print(str(e).split(" (")[0])  # expect: cannot import name 'name' from '_broken_cycle'
