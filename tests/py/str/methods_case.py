s = "hello World ß ǆ"
print(s.upper(), s.title(), s.capitalize(), s.swapcase(), s.casefold())  # expect: HELLO WORLD SS Ǆ Hello World Ss ǅ Hello world ß ǆ HELLO wORLD SS Ǆ hello world ss ǆ
print("İ".lower() == "i̇", "ΑΣ".lower(), "ŉ".upper(), "ﬁ".title(), "ǆ".title())  # expect: True ας ʼN Fi ǅ
