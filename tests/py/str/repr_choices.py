for s in ("a'b", 'a"b', "a'b\"c", "\x00\x7f\x80\xa0\xad", "\u200b\u3000\ud800\U000e0001", "\\", "\t\n\r"):
    print(repr(s), ascii(s))
    # expect: "a'b" "a'b"
    # expect: 'a"b' 'a"b'
    # expect: 'a\'b"c' 'a\'b"c'
    # expect: '\x00\x7f\x80\xa0\xad' '\x00\x7f\x80\xa0\xad'
    # expect: '\u200b\u3000\ud800\U000e0001' '\u200b\u3000\ud800\U000e0001'
    # expect: '\\' '\\'
    # expect: '\t\n\r' '\t\n\r'
