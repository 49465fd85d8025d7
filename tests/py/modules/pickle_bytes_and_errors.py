# What the native pickle writes and reads, protocol by protocol.
import copyreg, io, pickle, sys
from collections import OrderedDict, namedtuple
P = namedtuple('P', 'a b')
class C:
    def __init__(self, *a): self.a = a
    def __eq__(self, o): return type(o) is type(self) and vars(o) == vars(self)
class S:
    __slots__ = ('x', 'y')
    def __init__(self): self.x = 1
class L(list): pass
class D(dict): pass
class N:
    def __new__(cls, *a, **k): self = object.__new__(cls); self.a = a, k; return self
    def __getnewargs_ex__(self): return self.a
class X:
    def method(self): pass
    class Inner:
        class Deep: pass
l = L([1, 2]); l.tag = 't'
d = D(a=1); d.tag = 'u'
rec = []; rec.append((rec, {'r': rec}))
c = C(1, 'x'); c.me = c
things = [None, True, False, 0, 255, 256, 65536, -1, 2**31, -2**31, 2**63, -2**64, 2**2040, 1.5, float('inf'), 'a', 'é', '\u20ac\U0001f600', '\ud800', 'a\nb\\c\0\x1a',
          b'', b'abc', bytearray(b'xyz'), bytearray(), (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], [1], [1, [2]], {}, {'a': 1}, {'a': 1, 'b': 2}, set(), {1}, frozenset(), frozenset('a'),
          ..., NotImplemented, type(None), type(...), int, len, X.Inner.Deep, X.method, C(1), C(), P(1, 2), OrderedDict(a=1), l, d, N(1, k=2), S(), complex(1, 2), range(3), slice(1, 2),
          [1] * 3, ['s', 's'], list(range(1001)), dict.fromkeys(range(1001)), 1 << 5000, ValueError('x', 1)]
for proto in range(6):
    digest = 0
    for t in things:
        if proto < 2 and isinstance(t, (S, N)): continue
        b = pickle.dumps(t, proto)
        assert pickle.loads(b) == t or isinstance(t, (S, N, ValueError)), (proto, t)
        digest = (digest * 31 + sum(b) + len(b)) % 2**61
        if t is l or t is d: assert pickle.loads(b).tag == t.tag
    print(proto, digest)
    r = pickle.loads(pickle.dumps(rec, proto)); assert r[0][0] is r and r[0][1]['r'] is r
    r = pickle.loads(pickle.dumps(c, proto)); assert r.me is r and r.a == (1, 'x')
    print(pickle.dumps([1.5, 'x', (1, 2), {'k': b'v'}, C], proto))
big = 'x' * 70000
print(len(pickle.dumps([big, big, b'y' * 70000, list(range(30000))])))
class W:
    def __init__(self): self.sizes = []
    def write(self, b): self.sizes.append(len(b))
w = W(); pickle.dump([big, 1, b'y' * 70000, list(range(30000))], w); print(w.sizes)
def show(f):
    try: print(repr(f()))
    except Exception as e: print(f"{type(e).__module__}.{type(e).__name__}: {e}", *getattr(e, '__notes__', []), sep=' | ')
for b in (b'', b'.', b'N', b'K', b'(.', b'0.', b'\x80\x06.', b'\xff', b"'", b'h\x05.', b'j\xff\xff\xff\xff.', b'g-1\n.', b'gx\n.', b'Np99999999999999999999\n.', b'Np-1\n.', b'B\xff\xff\xff\xff', b'\x8e' + b'\xff' * 8, 
          b'\x95' + b'\xff' * 8, b'\x95\x10\0\0\0\0\0\0\0N.', b'I1x\n.', b'I01\n.', b'L12L\n.', b'L0x1f\n.', b'Fx\n.', b"S'a\\x41'\n.", b'Sa\n.', b"S'\n.", b'U\x01\xff.', b'Va\\u0041\n.', b'T\xff\xff\xff\xff', b'\x8b\xff\xff\xff\xff', b'K\x01K\x02a.', b'(K\x01s.', b'}(K\x01u.', b'(K\x01d.', b'K\x01(e.', b'K\x01(K\x02e.', b'cos\nsep\n.',
          b'cos\nnope\n.', b'cnope\nx\n.', b'\x80\x04\x8c\x02os\x8c\x08path.sep\x93.', b'\x80\x04\x8c\x02os\x8c\x06path.x\x93.', b'NN\x93.', b'NNR.', b'N)R.', b'N)\x81.', b'c__builtin__\nint\nN\x81.', b'c__builtin__\nint\n)}\x92.', b'c__builtin__\nint\nN}\x92.', b'c__builtin__\nint\n)N\x92.',
          b'\x82\x01.', b'\x82\0.', b'\x84\xff\xff\xff\xff.', b'Px\n.', b'NQ.', b'\x97.', b'\x98.', b'N\x98.', b'(i__builtin__\nint\n.', b'(c__builtin__\nlist\n(lo.', b'(c__builtin__\nint\nI5\no.', b'N}b.', b'N(K\x01tb.', b'NK\x01b.', b'N(}}tb.', b'N(}K\x01tb.', b'(NNt.', b'((1.', b'(0N.', b'a.', b's.', b'N2.', b'\x85.', b'N\x86.', b'NN\x87.', b't.', b'\x8f(K\x01\x90.', b'N(K\x01\x90.', b'(K\x01]\x91.', b'\x94.', b'q\0.'):
    show(lambda: (b, pickle.loads(b)))
def local():
    class Q: pass
    return Q
show(lambda: pickle.dumps(local()))
class Bad:
    __module__ = 'nope'
show(lambda: pickle.dumps(Bad))
Bad.__module__ = 'os'
show(lambda: pickle.dumps(Bad))
class R:
    def __init__(self, r): self.r = r
    def __reduce__(self): return self.r
for r in (1, (), (1,), (1, 2), (int, 2), (int, (), None, 3), (int, (), None, None, 3), (int, (), None, None, None, 3), (int, (), None, None, None, None, None)  , (list, (), None, iter([1, 2])), (dict, (), None, None, iter([(1, 2), (3, 4)])), (dict, (), None, None, iter([1])), (copyreg.__newobj__, ()), (copyreg.__newobj__, (1,)), (copyreg.__newobj__, (int,)), (copyreg.__newobj_ex__, (1, 2)), (copyreg.__newobj_ex__, (R, 2, 3)), (copyreg.__newobj_ex__, (R, (), 3))):
    show(lambda: pickle.loads(pickle.dumps(R(r))))
    show(lambda: pickle.loads(pickle.dumps([{'k': R(r)}], 2)))
show(lambda: pickle.dumps(1, 6)); show(lambda: pickle.dumps(1, -1)); show(lambda: pickle.dumps(1, 'x')); show(lambda: pickle.dumps(1, 4, buffer_callback=id)); show(lambda: pickle.dump(1, 2)); show(lambda: pickle.load(2)); show(lambda: pickle.loads('x')); show(lambda: pickle.loads(b'N.', encoding=3)); show(lambda: pickle.loads(b'N.', errors=None))
class Py(pickle.Pickler):
    def persistent_id(self, o): return o.upper() if isinstance(o, str) else None
class Un(pickle.Unpickler):
    def persistent_load(self, p): return ('P', p)
    def find_class(self, m, n): return (m, n)
for proto in range(6):
    f = io.BytesIO(); Py(f, proto).dump([b'a', 1, None] if proto in (4, 5) else ['a', 1, C]); print(f.getvalue()); f.seek(0); show(lambda: Un(f).load())
f = io.BytesIO(); p = pickle.Pickler(f, 2); p.dump('abc'); p.dump('abc'); m = p.memo.copy(); print([v for v in m.values()], f.getvalue()); p.clear_memo(); print(len(p.memo.copy())); p.memo = m; p.dump(1)
f.seek(0); u = pickle.Unpickler(f); print(u.load(), u.memo.copy(), u.load(), f.read()); show(lambda: setattr(u, 'memo', 3)); show(lambda: setattr(u, 'memo', {'a': 1})); show(lambda: setattr(p, 'memo', 3)); show(lambda: setattr(p, 'memo', {1: 2}))
show(lambda: pickle.Pickler.__new__(pickle.Pickler).dump(1)); show(lambda: pickle.Unpickler.__new__(pickle.Unpickler).load()); show(lambda: pickle.Pickler()); show(lambda: pickle.Unpickler()); show(lambda: pickle.Pickler(3)); show(lambda: pickle.Unpickler(3))
f = io.BytesIO(); p = pickle.Pickler(f); p.fast = 1; print(p.fast, p.bin); p.dump([1, [2, 'a', 'a']]); print(f.getvalue()); show(lambda: p.dump(rec) and None) if 0 else None
class RO(pickle.Pickler):
    def reducer_override(self, o): return (int, ('7',)) if isinstance(o, C) else NotImplemented
f = io.BytesIO(); RO(f).dump([C(1), X]); print(pickle.loads(f.getvalue()))
f = io.BytesIO(); p = pickle.Pickler(f); p.dispatch_table = {C: lambda o: (str, ('d',))}; p.dump([C(1)]); print(pickle.loads(f.getvalue()))
b = bytearray(b'q' * 10); bufs = []; s = pickle.dumps([pickle.PickleBuffer(b), pickle.PickleBuffer(b'r')], buffer_callback=bufs.append); print(s, [bytes(x) for x in bufs]); print(pickle.loads(s, buffers=bufs)[0] is bufs[0]); print(pickle.loads(pickle.dumps([pickle.PickleBuffer(b), pickle.PickleBuffer(b'r')]))); show(lambda: pickle.loads(s)); show(lambda: pickle.loads(s, buffers=[])); show(lambda: pickle.dumps(pickle.PickleBuffer(b), 4)); x = pickle.PickleBuffer(b); print(x.raw().tobytes()); x.release(); show(lambda: x.raw()); show(lambda: pickle.PickleBuffer(3)); show(lambda: pickle.PickleBuffer(memoryview(b)[::2]).raw()); show(lambda: pickle.dumps(pickle.PickleBuffer(memoryview(b)[::2])))
deep = []
for _ in range(100000): deep = [deep]
try: pickle.dumps(deep)
except RecursionError as e: print('RecursionError')
print(pickle.PickleError.__module__, pickle.PicklingError.__mro__)
import _pickle
print(_pickle.PickleError is pickle.PickleError, pickle.Pickler is _pickle.Pickler)
# expect: 0 1290824761650534590
# expect: b'(lp0\nF1.5\naVx\np1\na(I1\nI2\ntp2\na(dp3\nVk\np4\nc_codecs\nencode\np5\n(Vv\np6\nVlatin1\np7\ntp8\nRp9\nsac__main__\nC\np10\na.'
# expect: 1 1641602559162994558
# expect: b']q\x00(G?\xf8\x00\x00\x00\x00\x00\x00X\x01\x00\x00\x00xq\x01(K\x01K\x02tq\x02}q\x03X\x01\x00\x00\x00kq\x04c_codecs\nencode\nq\x05(X\x01\x00\x00\x00vq\x06X\x06\x00\x00\x00latin1q\x07tq\x08Rq\tsc__main__\nC\nq\ne.'
# expect: 2 86660189306250489
# expect: b'\x80\x02]q\x00(G?\xf8\x00\x00\x00\x00\x00\x00X\x01\x00\x00\x00xq\x01K\x01K\x02\x86q\x02}q\x03X\x01\x00\x00\x00kq\x04c_codecs\nencode\nq\x05X\x01\x00\x00\x00vq\x06X\x06\x00\x00\x00latin1q\x07\x86q\x08Rq\tsc__main__\nC\nq\ne.'
# expect: 3 96745256145381890
# expect: b'\x80\x03]q\x00(G?\xf8\x00\x00\x00\x00\x00\x00X\x01\x00\x00\x00xq\x01K\x01K\x02\x86q\x02}q\x03X\x01\x00\x00\x00kq\x04C\x01vq\x05sc__main__\nC\nq\x06e.'
# expect: 4 315390407235659515
# expect: b'\x80\x04\x954\x00\x00\x00\x00\x00\x00\x00]\x94(G?\xf8\x00\x00\x00\x00\x00\x00\x8c\x01x\x94K\x01K\x02\x86\x94}\x94\x8c\x01k\x94C\x01v\x94s\x8c\x08__main__\x94\x8c\x01C\x94\x93\x94e.'
# expect: 5 87588479897681962
# expect: b'\x80\x05\x954\x00\x00\x00\x00\x00\x00\x00]\x94(G?\xf8\x00\x00\x00\x00\x00\x00\x8c\x01x\x94K\x01K\x02\x86\x94}\x94\x8c\x01k\x94C\x01v\x94s\x8c\x08__main__\x94\x8c\x01C\x94\x93\x94e.'
# expect: 229845
# expect: [10, 70000, 8, 70000, 65547, 24280]
# expect: builtins.EOFError: Ran out of input
# expect: _pickle.UnpicklingError: unpickling stack underflow
# expect: builtins.EOFError: Ran out of input
# expect: _pickle.UnpicklingError: pickle data was truncated
# expect: _pickle.UnpicklingError: unexpected MARK found
# expect: _pickle.UnpicklingError: unpickling stack underflow
# expect: builtins.ValueError: unsupported pickle protocol: 6
# expect: _pickle.UnpicklingError: invalid load key, '\xff'.
# expect: _pickle.UnpicklingError: invalid load key, '\x27'.
# expect: _pickle.UnpicklingError: Memo value not found at index 5
# expect: _pickle.UnpicklingError: Memo value not found at index 4294967295
# expect: _pickle.UnpicklingError: Memo value not found at index -1
# expect: builtins.ValueError: invalid literal for int() with base 10: 'x\n'
# expect: builtins.OverflowError: Python int too large to convert to C ssize_t
# expect: builtins.ValueError: negative PUT argument
# expect: _pickle.UnpicklingError: pickle data was truncated
# expect: builtins.OverflowError: BINBYTES exceeds system's maximum size of 9223372036854775807 bytes
# expect: builtins.OverflowError: FRAME length exceeds system's maximum of 9223372036854775807 bytes
# expect: _pickle.UnpicklingError: pickle data was truncated
# expect: builtins.ValueError: could not convert string to int
# expect: (b'I01\n.', True)
# expect: (b'L12L\n.', 12)
# expect: builtins.ValueError: invalid literal for int() with base 10: '0x1f\n'
# expect: builtins.ValueError: could not convert string to float: 'x
# expect: '
# expect: (b"S'a\\x41'\n.", 'aA')
# expect: _pickle.UnpicklingError: the STRING opcode argument must be quoted
# expect: _pickle.UnpicklingError: the STRING opcode argument must be quoted
# expect: builtins.UnicodeDecodeError: 'ascii' codec can't decode byte 0xff in position 0: ordinal not in range(128)
# expect: (b'Va\\u0041\n.', 'aA')
# expect: _pickle.UnpicklingError: BINSTRING pickle has negative byte count
# expect: _pickle.UnpicklingError: LONG pickle has negative byte count
# expect: builtins.AttributeError: 'int' object has no attribute 'append'
# expect: _pickle.UnpicklingError: unexpected MARK found
# expect: _pickle.UnpicklingError: odd number of items for SETITEMS
# expect: _pickle.UnpicklingError: odd number of items for DICT
# expect: (b'K\x01(e.', 1)
# expect: builtins.AttributeError: 'int' object has no attribute 'append'
# expect: (b'cos\nsep\n.', '/')
# expect: builtins.AttributeError: module 'os' has no attribute 'nope'
# expect: builtins.ModuleNotFoundError: No module named 'nope'
# expect: (b'\x80\x04\x8c\x02os\x8c\x08path.sep\x93.', '/')
# expect: builtins.AttributeError: Can't resolve path 'path.x' on module 'os'
# expect: _pickle.UnpicklingError: STACK_GLOBAL requires str
# expect: builtins.TypeError: argument list must be a tuple
# expect: builtins.TypeError: 'NoneType' object is not callable
# expect: _pickle.UnpicklingError: NEWOBJ class argument must be a type, not NoneType
# expect: _pickle.UnpicklingError: NEWOBJ args argument must be a tuple, not NoneType
# expect: (b'c__builtin__\nint\n)}\x92.', 0)
# expect: _pickle.UnpicklingError: NEWOBJ_EX args argument must be a tuple, not NoneType
# expect: _pickle.UnpicklingError: NEWOBJ_EX kwargs argument must be a dict, not NoneType
# expect: builtins.ValueError: unregistered extension code 1
# expect: _pickle.UnpicklingError: EXT specifies code <= 0
# expect: _pickle.UnpicklingError: EXT specifies code <= 0
# expect: _pickle.UnpicklingError: A load persistent id instruction was encountered, but no persistent_load function was specified.
# expect: _pickle.UnpicklingError: A load persistent id instruction was encountered, but no persistent_load function was specified.
# expect: _pickle.UnpicklingError: pickle stream refers to out-of-band data but no *buffers* argument was given
# expect: _pickle.UnpicklingError: unpickling stack underflow
# expect: builtins.TypeError: memoryview: a bytes-like object is required, not 'NoneType'
# expect: (b'(i__builtin__\nint\n.', 0)
# expect: (b'(c__builtin__\nlist\n(lo.', [])
# expect: (b'(c__builtin__\nint\nI5\no.', 5)
# expect: builtins.AttributeError: 'NoneType' object has no attribute '__dict__'
# expect: _pickle.UnpicklingError: state is not a dictionary
# expect: _pickle.UnpicklingError: state is not a dictionary
# expect: builtins.AttributeError: 'NoneType' object has no attribute '__dict__'
# expect: builtins.AttributeError: 'NoneType' object has no attribute '__dict__'
# expect: (b'(NNt.', (None, None))
# expect: _pickle.UnpicklingError: unexpected MARK found
# expect: (b'(0N.', None)
# expect: _pickle.UnpicklingError: unpickling stack underflow
# expect: _pickle.UnpicklingError: unpickling stack underflow
# expect: (b'N2.', None)
# expect: _pickle.UnpicklingError: unpickling stack underflow
# expect: _pickle.UnpicklingError: unpickling stack underflow
# expect: _pickle.UnpicklingError: unpickling stack underflow
# expect: _pickle.UnpicklingError: could not find MARK
# expect: (b'\x8f(K\x01\x90.', {1})
# expect: builtins.AttributeError: 'NoneType' object has no attribute 'add'
# expect: builtins.TypeError: cannot use 'list' as a set element (unhashable type: 'list')
# expect: _pickle.UnpicklingError: unpickling stack underflow
# expect: _pickle.UnpicklingError: unpickling stack underflow
# expect: _pickle.PicklingError: Can't pickle local object <class '__main__.local.<locals>.Q'>
# expect: _pickle.PicklingError: Can't pickle <class 'nope.Bad'>: No module named 'nope'
# expect: _pickle.PicklingError: Can't pickle <class 'os.Bad'>: it's not found as os.Bad
# expect: _pickle.PicklingError: __reduce__ must return a string or tuple, not int | when serializing R object
# expect: _pickle.PicklingError: __reduce__ must return a string or tuple, not int | when serializing R object | when serializing dict item 'k' | when serializing list item 0
# expect: _pickle.PicklingError: tuple returned by __reduce__ must contain 2 through 6 elements | when serializing R object
# expect: _pickle.PicklingError: tuple returned by __reduce__ must contain 2 through 6 elements | when serializing R object | when serializing dict item 'k' | when serializing list item 0
# expect: _pickle.PicklingError: tuple returned by __reduce__ must contain 2 through 6 elements | when serializing R object
# expect: _pickle.PicklingError: tuple returned by __reduce__ must contain 2 through 6 elements | when serializing R object | when serializing dict item 'k' | when serializing list item 0
# expect: _pickle.PicklingError: first item of the tuple returned by __reduce__ must be callable, not int | when serializing R object
# expect: _pickle.PicklingError: first item of the tuple returned by __reduce__ must be callable, not int | when serializing R object | when serializing dict item 'k' | when serializing list item 0
# expect: _pickle.PicklingError: second item of the tuple returned by __reduce__ must be a tuple, not int | when serializing R object
# expect: _pickle.PicklingError: second item of the tuple returned by __reduce__ must be a tuple, not int | when serializing R object | when serializing dict item 'k' | when serializing list item 0
# expect: _pickle.PicklingError: fourth item of the tuple returned by __reduce__ must be an iterator, not int | when serializing R object
# expect: _pickle.PicklingError: fourth item of the tuple returned by __reduce__ must be an iterator, not int | when serializing R object | when serializing dict item 'k' | when serializing list item 0
# expect: _pickle.PicklingError: fifth item of the tuple returned by __reduce__ must be an iterator, not int | when serializing R object
# expect: _pickle.PicklingError: fifth item of the tuple returned by __reduce__ must be an iterator, not int | when serializing R object | when serializing dict item 'k' | when serializing list item 0
# expect: _pickle.PicklingError: sixth item of the tuple returned by __reduce__ must be callable, not int | when serializing R object
# expect: _pickle.PicklingError: sixth item of the tuple returned by __reduce__ must be callable, not int | when serializing R object | when serializing dict item 'k' | when serializing list item 0
# expect: _pickle.PicklingError: tuple returned by __reduce__ must contain 2 through 6 elements | when serializing R object
# expect: _pickle.PicklingError: tuple returned by __reduce__ must contain 2 through 6 elements | when serializing R object | when serializing dict item 'k' | when serializing list item 0
# expect: [1, 2]
# expect: [{'k': []}]
# expect: {1: 2, 3: 4}
# expect: [{'k': {}}]
# expect: builtins.TypeError: dict items iterator must return 2-tuples | when serializing R object
# expect: [{'k': {}}]
# expect: _pickle.PicklingError: __newobj__ expected at least 1 argument, got 0 | when serializing R object
# expect: _pickle.PicklingError: __newobj__ expected at least 1 argument, got 0 | when serializing R object | when serializing dict item 'k' | when serializing list item 0
# expect: _pickle.PicklingError: first argument to __newobj__() must be a class, not int | when serializing R object
# expect: _pickle.PicklingError: first argument to __newobj__() must be a class, not int | when serializing R object | when serializing dict item 'k' | when serializing list item 0
# expect: _pickle.PicklingError: first argument to __newobj__() must be <class '__main__.R'>, not <class 'int'> | when serializing R object
# expect: _pickle.PicklingError: first argument to __newobj__() must be <class '__main__.R'>, not <class 'int'> | when serializing R object | when serializing dict item 'k' | when serializing list item 0
# expect: _pickle.PicklingError: __newobj_ex__ expected 3 arguments, got 2 | when serializing R object
# expect: _pickle.PicklingError: __newobj_ex__ expected 3 arguments, got 2 | when serializing R object | when serializing dict item 'k' | when serializing list item 0
# expect: _pickle.PicklingError: second argument to __newobj_ex__() must be a tuple, not int | when serializing R object
# expect: _pickle.PicklingError: second argument to __newobj_ex__() must be a tuple, not int | when serializing R object | when serializing dict item 'k' | when serializing list item 0
# expect: _pickle.PicklingError: third argument to __newobj_ex__() must be a dict, not int | when serializing R object
# expect: _pickle.PicklingError: third argument to __newobj_ex__() must be a dict, not int | when serializing R object | when serializing dict item 'k' | when serializing list item 0
# expect: builtins.ValueError: pickle protocol must be <= 5
# expect: b'\x80\x05K\x01.'
# expect: builtins.TypeError: 'str' object cannot be interpreted as an integer
# expect: builtins.ValueError: buffer_callback needs protocol >= 5
# expect: builtins.TypeError: file must have a 'write' attribute
# expect: builtins.TypeError: file must have 'read' and 'readline' attributes
# expect: builtins.TypeError: a bytes-like object is required, not 'str'
# expect: builtins.TypeError: loads() argument 'encoding' must be str, not int
# expect: builtins.TypeError: loads() argument 'errors' must be str, not None
# expect: b'(lp0\nPA\naI1\nac__main__\nC\np1\na.'
# expect: [('P', 'A'), 1, ('__main__', 'C')]
# expect: b']q\x00(X\x01\x00\x00\x00Aq\x01QK\x01c__main__\nC\nq\x02e.'
# expect: [('P', 'A'), 1, ('__main__', 'C')]
# expect: b'\x80\x02]q\x00(X\x01\x00\x00\x00Aq\x01QK\x01c__main__\nC\nq\x02e.'
# expect: [('P', 'A'), 1, ('__main__', 'C')]
# expect: b'\x80\x03]q\x00(X\x01\x00\x00\x00Aq\x01QK\x01c__main__\nC\nq\x02e.'
# expect: [('P', 'A'), 1, ('__main__', 'C')]
# expect: b'\x80\x04\x95\x0c\x00\x00\x00\x00\x00\x00\x00]\x94(C\x01a\x94K\x01Ne.'
# expect: [b'a', 1, None]
# expect: b'\x80\x05\x95\x0c\x00\x00\x00\x00\x00\x00\x00]\x94(C\x01a\x94K\x01Ne.'
# expect: [b'a', 1, None]
# expect: [(0, 'abc')] b'\x80\x02X\x03\x00\x00\x00abcq\x00.\x80\x02h\x00.'
# expect: 0
# expect: abc {0: 'abc'} abc b'\x80\x02K\x01.'
# expect: builtins.TypeError: 'memo' attribute must be an UnpicklerMemoProxy object or dict, not int
# expect: builtins.TypeError: memo key must be integers
# expect: builtins.TypeError: 'memo' attribute must be a PicklerMemoProxy object or dict, not int
# expect: builtins.TypeError: 'memo' values must be 2-item tuples
# expect: _pickle.PicklingError: Pickler.__init__() was not called by _pickle.Pickler.__init__()
# expect: _pickle.UnpicklingError: Unpickler.__init__() was not called by _pickle.Unpickler.__init__()
# expect: builtins.TypeError: Pickler() missing required argument 'file' (pos 1)
# expect: builtins.TypeError: Unpickler() missing required argument 'file' (pos 1)
# expect: builtins.TypeError: file must have a 'write' attribute
# expect: builtins.TypeError: file must have 'read' and 'readline' attributes
# expect: 1 1
# expect: b'\x80\x05\x95\x11\x00\x00\x00\x00\x00\x00\x00](K\x01](K\x02\x8c\x01a\x8c\x01aee.'
# expect: [7, <class '__main__.X'>]
# expect: ['d']
# expect: b'\x80\x05\x95\x08\x00\x00\x00\x00\x00\x00\x00]\x94(\x97\x97\x98e.' [b'qqqqqqqqqq', b'r']
# expect: True
# expect: [bytearray(b'qqqqqqqqqq'), b'r']
# expect: _pickle.UnpicklingError: pickle stream refers to out-of-band data but no *buffers* argument was given
# expect: _pickle.UnpicklingError: not enough out-of-band buffers
# expect: _pickle.PicklingError: PickleBuffer can only be pickled with protocol >= 5
# expect: b'qqqqqqqqqq'
# expect: builtins.ValueError: operation forbidden on released PickleBuffer object
# expect: builtins.TypeError: a bytes-like object is required, not 'int'
# expect: builtins.BufferError: cannot extract raw buffer from non-contiguous buffer
# expect: _pickle.PicklingError: PickleBuffer can not be pickled when pointing to a non-contiguous buffer
# expect: RecursionError
# expect: _pickle (<class '_pickle.PicklingError'>, <class '_pickle.PickleError'>, <class 'Exception'>, <class 'BaseException'>, <class 'object'>)
# expect: True True
