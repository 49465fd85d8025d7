# Entities, defaults of attributes, line ends, CDATA; errors with their numbers and places; parsing in pieces.
import xml.etree.ElementTree as ET
from xml.parsers import expat

root = ET.fromstring(
    "<!DOCTYPE a [<!ENTITY e 'x<b/>y'><!ATTLIST b k CDATA 'v'>]>"
    "<a t='1 &amp; 2'>hi &e; there\r\n<c/>z<![CDATA[<&>]]></a>"
)
print(ET.tostring(root))
# expect: b'<a t="1 &amp; 2">hi x<b k="v" />y there\n<c />z&lt;&amp;&gt;</a>'

for bad in ["", "<a", "<a>", "<a/>x", "<a>&u;</a>", "<p:a/>", "x", "<a>\x01</a>", "<a></b>"]:
    try:
        ET.fromstring(bad)
    except ET.ParseError as e:
        print(repr(bad), e, e.code)
# expect: '' no element found: line 1, column 0 3
# expect: '<a' unclosed token: line 1, column 0 5
# expect: '<a>' no element found: line 1, column 3 3
# expect: '<a/>x' junk after document element: line 1, column 4 9
# expect: '<a>&u;</a>' undefined entity: line 1, column 3 11
# expect: '<p:a/>' unbound prefix: line 1, column 0 27
# expect: 'x' syntax error: line 1, column 0 2
# expect: '<a>\x01</a>' not well-formed (invalid token): line 1, column 3 4
# expect: '<a></b>' mismatched tag: line 1, column 5 7

events = []
parser = expat.ParserCreate("utf-8", "|")
parser.buffer_text = True
parser.SetReparseDeferralEnabled(False)
parser.StartElementHandler = lambda *args: events.append(args)
parser.CharacterDataHandler = events.append
for byte in '<a xmlns="u" xmlns:p="v" p:k="ä">ö&#x20AC;<p:b/>ü</a>'.encode():
    parser.Parse(bytes([byte]))
parser.Parse(b"", True)
print(events)
# expect: [('u|a', {'v|k': 'ä'}), 'ö', '€', ('v|b', {}), 'ü']

# Entities may not expand without a limit.
laughs = "".join(f"<!ENTITY e{n} '{'&e%d;' % (n - 1) * 10}'>" for n in range(1, 12))
try:
    ET.fromstring(f"<!DOCTYPE a [<!ENTITY e0 'ha'>{laughs}]><a>&e11;</a>")
except ET.ParseError as e:
    print(e.code)
# expect: 43
