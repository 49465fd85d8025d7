//! `_codecs` and `_string` in a bare space (no import system): answers as CPython 3.14 gives them.

use protopy_builtins::{startup, sysmod};
use protopy_vm as vm;
use vm::protocore::dict::DictObj;
use vm::protocore::{Ctx, PyResult, Root};

const PROGRAM: &str = r#"
def fails(f, *a):
    try:
        r = f(*a)
    except Exception as e:
        return type(e).__name__ + ': ' + str(e)
    return r

def check(got, want):
    if got != want:
        raise AssertionError('got ' + repr(got) + ', want ' + repr(want))

c = _codecs
check(c.utf_8_encode('a\u20ac'), (b'a\xe2\x82\xac', 2))
check(fails(c.utf_8_encode, 'a', 1), "TypeError: utf_8_encode() argument 2 must be str or None, not int")
check(c.utf_8_decode(b'a\xe2', None, False), ('a', 1))
check(fails(c.utf_8_decode, b'a\xe2', 'strict', True),
      "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xe2 in position 1: unexpected end of data")
check(c.utf_16_ex_decode(b'\xff\xfea\0'), ('a', 4, -1))
check(c.utf_16_ex_decode(b'a\0', None, 1, True), ('\u6100', 2, 1))
check(c.utf_16_encode('a', None, 1), (b'\x00a', 1))
check(c.utf_32_ex_decode(b'a\0\0\0'), ('a', 4, 0))
check(c.utf_7_decode(b'a+AOk-'), ('a\xe9', 6))
check(c.unicode_escape_decode('\\xe9'), ('\xe9', 4))
check(c.raw_unicode_escape_encode('\u1234'), (b'\\u1234', 1))
check(c.escape_decode(b'\\x4', 'replace'), (b'?', 3))
check(fails(c.escape_decode, b'\\x4'), "ValueError: invalid \\x escape at position 0")
check(c.escape_encode(b'\n'), (b'\\n', 1))
check(c.charmap_build('abc'), {97: 0, 98: 1, 99: 2})
m = c.charmap_build(bytes(range(256)).decode('latin-1'))
check(c.charmap_encode('a\xe9', None, m), (b'a\xe9', 2))
check(c.charmap_decode(b'ab', None, {97: 'x', 98: 99}), ('xc', 2))
check(fails(c.charmap_decode, b'a', 'strict', {97: -1}), "TypeError: character mapping must be in range(0x110000)")
check(fails(c.charmap_decode, b'a', 'strict', {97: None}),
      "UnicodeDecodeError: 'charmap' codec can't decode byte 0x61 in position 0: character maps to <undefined>")
check(c.charmap_encode('ab', None, {97: b'x', 98: 99}), (b'xc', 2))
check(fails(c.charmap_encode, 'a', None, {97: 1.5}),
      "TypeError: character mapping must return integer, bytes or None, not float")
check(c.charmap_encode('a\u1234', 'ignore', {97: 98}), (b'b', 2))
check(c.readbuffer_encode('a'), (b'a', 1))

seen = []
def search(name):
    seen.append(name)
    if name == 'twice':
        return ((lambda s, e='strict': (s.encode() * 2, len(s))), (lambda b, e='strict': (b.decode()[:len(b) // 2], len(b))),
                None, None)
c.register(search)
check('ab'.encode('Twice'), b'abab')
check(b'abab'.decode('TWICE'), 'ab')
check(fails('a'.encode, 'Foo-  Bar'), 'LookupError: unknown encoding: Foo-  Bar')
check(seen, ['twice', 'foo_bar'])
c.unregister(search)
c.register(lambda name: None)
check(fails('a'.encode, 'twice'), 'LookupError: unknown encoding: twice')

calls = []
def handler(e):
    calls.append((type(e).__name__, e.encoding, e.start, e.end, e.reason))
    return ('<%d>' % e.start, e.end)
c.register_error('test.mark', handler)
check('a\u20ac\u20acb'.encode('ascii', 'test.mark'), b'a<1>b')
check(b'a\xff\xfeb'.decode('utf-8', 'test.mark'), 'a<1><2>b')
check(calls[0], ('UnicodeEncodeError', 'ascii', 1, 3, 'ordinal not in range(128)'))
check(calls[1], ('UnicodeDecodeError', 'utf-8', 1, 2, 'invalid start byte'))
c.register_error('test.bytes', lambda e: (b'\xff', -1))
check('a\u20acb'.encode('ascii', 'test.bytes'), b'a\xffb')
c.register_error('test.wrong', lambda e: 1)
check(fails('\u20ac'.encode, 'ascii', 'test.wrong'),
      'TypeError: encoding error handler must return (str/bytes, int) tuple')
check(fails(b'\xff'.decode, 'utf-8', 'test.wrong'), 'TypeError: decoding error handler must return (str, int) tuple')
c.register_error('test.far', lambda e: ('', 1000))
check(fails('\u20ac'.encode, 'ascii', 'test.far'), 'IndexError: position 1000 from error handler out of bounds')
def swap(e):
    e.object = b'xyz'
    return ('', 0)
c.register_error('test.swap', swap)
check(b'\xff'.decode('utf-8', 'test.swap'), 'xyz')
check(c._unregister_error('test.swap'), True)
check(fails(c._unregister_error, 'strict'), "ValueError: cannot un-register built-in error handler 'strict'")
ignore = c.lookup_error('ignore')
check(ignore(UnicodeEncodeError('a', 'abc', 5, 0, 'x')), ('', 1))
check(ignore(UnicodeEncodeError('a', 'abc', -5, 10, 'x')), ('', 3))
check(c.lookup_error('replace')(UnicodeDecodeError('a', b'', 0, 1, 'x')), ('\ufffd', 0))
check(fails(c.lookup_error('xmlcharrefreplace'), UnicodeDecodeError('a', b'abc', 1, 2, 'x')),
      "TypeError: don't know how to handle UnicodeDecodeError in error callback")

s = _string
check(list(s.formatter_parser('a{b!r:c{d}}e{{f')), [('a', 'b', 'c{d}', 'r'), ('e{', None, None, None), ('f', None, None, None)])
check(fails(list, s.formatter_parser('a}')), "ValueError: Single '}' encountered in format string")
first, rest = s.formatter_field_name_split('a.b[0][x]')
check((first, list(rest)), ('a', [(True, 'b'), (False, 0), (False, 'x')]))
check(fails(s.formatter_parser, 1), 'TypeError: expected str, got int')

b = bytearray(b'abc')
v = memoryview(b)
check(fails(b.append, 1), 'BufferError: Existing exports of data: object cannot be re-sized')
v.release()
b.append(100)
check(b, bytearray(b'abcd'))
def temporary():
    return bytes(memoryview(b)[1:3])
check(temporary(), b'bc')
class Exporter:
    def __init__(self):
        self.released = []
    def __buffer__(self, flags):
        return memoryview(b'xyz')
    def __release_buffer__(self, view):
        self.released.append(bytes(view))
e = Exporter()
check(bytes(memoryview(e)), b'xyz')
view = memoryview(e)
view.release()
check(e.released, [b'xyz', b'xyz'] if len(e.released) == 2 else [b'xyz'])
check(b''.join([e, b'!']), b'xyz!')
"#;

fn run(cx: &mut Ctx) -> PyResult<()> {
    let config = sysmod::Config::default();
    startup::init_core(cx, &config, &[protopy_mod_text::MODULES])?;
    let globals = cx.dict();
    if let Some(d) = DictObj::of(globals) {
        for n in ["_codecs", "_string"] {
            let m = vm::modules::load_builtin(cx, n)?;
            let key = cx.intern_str(n);
            vm::dict_set(cx, d, key, m)?;
        }
        let key = cx.intern_str("__builtins__");
        let builtins = cx.root(Root::BuiltinsModule);
        vm::dict_set(cx, d, key, builtins)?;
    }
    vm::compile::run_source(cx, PROGRAM, "<codecs>", globals)?;
    Ok(())
}

#[test]
fn codecs_and_templates_answer_as_cpython() {
    let mut cx = startup::new_space(&sysmod::Config::default()).expect("address space");
    if let Err(r) = run(&mut cx) {
        let e = cx.take_raised(r);
        sysmod::plain_exception(&mut cx, e);
        panic!("the program raised");
    }
}
