print("a\tb\x41\u00e9\U0001F600\101\N{GREEK SMALL LETTER ALPHA}")
print(r"\n\x", b"\x00\xff\t", "a\
b", 'it''s', "q\"q")
print(ascii("é\n\U0001F600"), repr("'"), repr("\"'"))
# expect: a	bAé😀Aα
# expect: \n\x b'\x00\xff\t' ab its q"q
# expect: '\xe9\n\U0001f600' "'" '"\''
