# Encodings of East Asia: stateless, with states, with characters that wait for the next one.
import codecs
import io

print("日本語".encode("shift_jis"), b"\x93\xfa".decode("cp932"))  # expect: b'\x93\xfa\x96{\x8c\xea' 日
print("汉字".encode("gbk"), "𠀀é".encode("gb18030"))  # expect: b'\xba\xba\xd7\xd6' b'\x952\x826\xa8\xa6'
print("漢".encode("big5"), "한글똠".encode("euc_kr"))  # expect: b'\xba~' b'\xc7\xd1\xb1\xdb\xa4\xd4\xa4\xa8\xa4\xc7\xa4\xb1'
print("a日b".encode("iso2022_jp"), "~汉".encode("hz"))  # expect: b'a\x1b$BF|\x1b(Bb' b'~~~{::~}'

try:
    b"a\x81\xff".decode("shift_jis")
except UnicodeDecodeError as e:
    print(e)  # expect: 'shift_jis' codec can't decode byte 0x81 in position 1: illegal multibyte sequence
print("x\u20acy".encode("shift_jis", "xmlcharrefreplace"), b"\xff!".decode("big5", "replace"))  # expect: b'x&#8364;y' �!

# A decoder keeps half a character, an encoder what may begin a pair.
d = codecs.getincrementaldecoder("euc_jp")()
print([d.decode(bytes([b])) for b in "語".encode("euc_jp")], d.getstate())  # expect: ['', '語'] (b'', 0)
e = codecs.getincrementalencoder("euc_jis_2004")()
print(e.encode("\u00e6"), e.encode("\u0300"), e.encode("", True))  # expect: b'' b'\xab\xc4' b''

stream = codecs.getreader("gb2312")(io.BytesIO("一\n二\n".encode("gb2312")))
print(stream.readlines())  # expect: ['一\n', '二\n']
