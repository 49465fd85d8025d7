print(f"{'abc':5}|{'abc':>5}|{'abc':^5}|{'abc':*^6}|{'abcdef':.3}|{'abc':05}|{'a':é<3}")  # expect: abc  |  abc| abc |*abc**|abc|abc00|aéé
for spec in ("d", "+", "=5", ",", "#", ".2f"):
    try:
        format("a", spec)
    except ValueError as e:
        print(e)
        # expect: Unknown format code 'd' for object of type 'str'
        # expect: Sign not allowed in string format specifier
        # expect: '=' alignment not allowed in string format specifier
        # expect: Cannot specify ',' with 's'.
        # expect: Alternate form (#) not allowed in string format specifier
        # expect: Unknown format code 'f' for object of type 'str'
