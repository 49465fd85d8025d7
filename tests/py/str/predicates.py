for s in ("abc", "ABC", "1", "½", "²", "a1", "", " ", "_x", "Ab", "٣", "class", "\n"):
    print(repr(s), s.isalpha(), s.isupper(), s.islower(), s.isdigit(), s.isdecimal(), s.isnumeric(), s.isalnum(), s.isspace(), s.isidentifier(), s.istitle(), s.isprintable(), s.isascii())
    # expect: 'abc' True False True False False False True False True False True True
    # expect: 'ABC' True True False False False False True False True False True True
    # expect: '1' False False False True True True True False False False True True
    # expect: '½' False False False False False True True False False False True False
    # expect: '²' False False False True False True True False False False True False
    # expect: 'a1' False False True False False False True False True False True True
    # expect: '' False False False False False False False False False False True True
    # expect: ' ' False False False False False False False True False False True True
    # expect: '_x' False False True False False False False False True False True True
    # expect: 'Ab' True False False False False False True False True True True True
    # expect: '٣' False False False True True True True False False False True False
    # expect: 'class' True False True False False False True False True False True True
    # expect: '\n' False False False False False False False True False False False True
