//! The layouts of the core objects.
//!
//! Every struct here starts with its [`Header`]. Objects of variable size (str, bytes, tuple) have their items in the
//! cell itself, after the fixed part and, in instances of Python subclasses, after the attribute area, whose size in
//! words stands in the top 16 bits of the length word.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::header::{Header, Layout};
use crate::held::Held;
use crate::slot::Slot;
use crate::value::Value;
use crate::{PyResult, types::TypeObj};
use num_bigint::BigInt;
use protopy_bytecode::CodeData;
use protopy_text::StrRef;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};

macro_rules! accessor {
    ($ty:ident, $($layout:ident)|+) => {
        impl $ty {
            /// The object behind a value, if it has this layout (a Python subclass counts).
            #[inline(always)]
            pub fn of(v: Value) -> Option<&'static $ty> {
                if matches!(v.layout(), $(Layout::$layout)|+) {
                    // SAFETY: the layout byte says so; see `Value::header` for the lifetime.
                    Some(unsafe { &*v.ptr::<$ty>() })
                } else {
                    None
                }
            }

            /// This object as a value.
            #[inline(always)]
            pub fn value(&self) -> Value {
                Value::from_ref(self)
            }
        }
    };
}

const LEN_MASK: u64 = (1 << 48) - 1;

/// Length word of objects with inline items: length, and words between fixed part and items.
#[repr(transparent)]
pub struct LenWord(AtomicU64);

impl LenWord {
    /// A length word.
    pub fn new(len: usize, gap_words: usize) -> LenWord {
        LenWord(AtomicU64::new(len as u64 & LEN_MASK | (gap_words as u64) << 48))
    }

    /// Number of items.
    #[inline(always)]
    pub fn len(&self) -> usize {
        (self.0.load(Ordering::Relaxed) & LEN_MASK) as usize
    }

    /// Whether there are no items.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Words between the fixed part and the items.
    #[inline(always)]
    pub fn gap(&self) -> usize {
        (self.0.load(Ordering::Relaxed) >> 48) as usize
    }
}

// ---------------------------------------------------------------------------------------------------- numbers

/// An integer that is not immediate, or an instance of a subclass of int.
#[repr(C)]
pub struct IntObj {
    /// Header.
    pub header: Header,
    /// The number, if `big` is empty.
    pub small: i64,
    /// The number otherwise.
    pub big: Option<Box<BigInt>>,
}
accessor!(IntObj, Int);

/// An integer's value.
#[derive(Clone, Copy, Debug)]
pub enum IntRef {
    /// Fits 64 bits.
    Small(i64),
    /// Anything else.
    Big(&'static BigInt),
}

impl IntRef {
    /// The integer behind a value: int, a subclass of it, or bool.
    #[inline]
    pub fn of(v: Value) -> Option<IntRef> {
        if let Some(n) = v.as_small() {
            return Some(IntRef::Small(n));
        }
        if v.is_bool() {
            return Some(IntRef::Small(i64::from(v.is(Value::TRUE))));
        }
        let o = IntObj::of(v)?;
        Some(match &o.big {
            Some(b) => IntRef::Big(b),
            None => IntRef::Small(o.small),
        })
    }

    /// As a big integer.
    pub fn to_big(self) -> BigInt {
        match self {
            IntRef::Small(n) => BigInt::from(n),
            IntRef::Big(b) => b.clone(),
        }
    }

    /// Sign: -1, 0 or 1.
    pub fn signum(self) -> i32 {
        match self {
            IntRef::Small(n) => n.signum() as i32,
            IntRef::Big(b) => match b.sign() {
                num_bigint::Sign::Minus => -1,
                num_bigint::Sign::NoSign => 0,
                num_bigint::Sign::Plus => 1,
            },
        }
    }

    /// As `i64` if it fits.
    pub fn to_i64(self) -> Option<i64> {
        match self {
            IntRef::Small(n) => Some(n),
            IntRef::Big(b) => num_traits::ToPrimitive::to_i64(b),
        }
    }
}

/// A float that is not immediate, or an instance of a subclass of float.
#[repr(C)]
pub struct FloatObj {
    /// Header.
    pub header: Header,
    /// The number.
    pub value: f64,
}
impl FloatObj {
    /// The float behind a value: immediate, boxed or a subclass's instance.
    #[inline(always)]
    pub fn of(v: Value) -> Option<f64> {
        if let Some(f) = v.as_imm_float() {
            return Some(f);
        }
        if v.layout() == Layout::Float {
            // SAFETY: the layout byte says so.
            return Some(unsafe { (*v.ptr::<FloatObj>()).value });
        }
        None
    }
}

/// A complex number.
#[repr(C)]
pub struct ComplexObj {
    /// Header.
    pub header: Header,
    /// Real part.
    pub re: f64,
    /// Imaginary part.
    pub im: f64,
}
accessor!(ComplexObj, Complex);

// ---------------------------------------------------------------------------------------------------- text and bytes

/// `StrObj` flag bits.
pub mod str_flags {
    /// Width: 0 Latin-1, 1 UCS-2, 2 UCS-4.
    pub const KIND: u8 = 3;
    /// All code points are below 128 (Latin-1 width).
    pub const ASCII: u8 = 4;
    /// The object is the interned one of its content.
    pub const INTERNED: u8 = 8;
    /// The items are the first ones of a [`super::Growing`], to which the word behind the fixed part refers.
    pub const SHARED: u8 = 16;
    /// The result of a concatenation: another one may follow.
    pub const JOINED: u8 = 32;
}

/// Room for a string that grows by concatenation. Strings that share one are prefixes of each other. What is used is never
/// written again; whoever moves `used` owns the items in between.
#[repr(C)]
pub struct Growing {
    /// Header (layout `Raw`).
    pub header: Header,
    /// Items in use.
    pub used: AtomicUsize,
    /// Items that there is room for.
    pub cap: usize,
}

impl Growing {
    /// The items.
    #[inline(always)]
    pub(crate) fn data(&self) -> *mut u8 {
        let p: *const Growing = self;
        p.wrapping_add(1).cast_mut().cast()
    }
}

/// A string.
#[repr(C)]
pub struct StrObj {
    /// Header; flags are [`str_flags`].
    pub header: Header,
    /// Cached hash, 0 if not computed.
    pub hash: AtomicI64,
    /// Number of code points.
    pub len: LenWord,
}
accessor!(StrObj, Str);

impl StrObj {
    /// Number of code points.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len.len()
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline(always)]
    pub(crate) fn data(&self) -> *const u8 {
        let p: *const StrObj = self;
        if let Some(g) = self.growing() {
            return g.data();
        }
        // SAFETY: items follow the fixed part and the gap within the cell.
        unsafe { p.add(1).cast::<u64>().add(self.len.gap()).cast() }
    }

    /// The word that refers to shared items.
    pub(crate) fn growing_slot(&self) -> Option<&Slot> {
        if self.header.flags() & str_flags::SHARED == 0 {
            return None;
        }
        let p: *const StrObj = self;
        // SAFETY: a string of this flag has the word behind its fixed part.
        Some(unsafe { &*p.add(1).cast::<Slot>() })
    }

    /// What holds the items, if they are shared.
    #[inline(always)]
    pub(crate) fn growing(&self) -> Option<&'static Growing> {
        // SAFETY: the slot holds a `Growing`, which this string keeps alive.
        self.growing_slot()?.get().map(|v| unsafe { &*v.ptr::<Growing>() })
    }

    /// The content.
    #[inline(always)]
    pub fn str_ref(&self) -> StrRef<'static> {
        let n = self.len();
        // SAFETY: the cell holds `n` items of the width that the flags tell; immutable.
        unsafe {
            match self.header.flags() & str_flags::KIND {
                0 => StrRef::Latin1(std::slice::from_raw_parts(self.data(), n)),
                1 => StrRef::Ucs2(std::slice::from_raw_parts(self.data().cast(), n)),
                _ => StrRef::Ucs4(std::slice::from_raw_parts(self.data().cast(), n)),
            }
        }
    }

    /// Whether all code points are below 128.
    #[inline(always)]
    pub fn is_ascii(&self) -> bool {
        self.header.flags() & str_flags::ASCII != 0
    }

    /// The content as UTF-8 without a copy, if it is ASCII.
    #[inline]
    pub fn as_ascii(&self) -> Option<&'static str> {
        match self.str_ref() {
            // SAFETY: ASCII is UTF-8.
            StrRef::Latin1(b) if self.is_ascii() => Some(unsafe { std::str::from_utf8_unchecked(b) }),
            _ => None,
        }
    }

    /// The content as UTF-8; lone surrogates become U+FFFD.
    pub fn to_string_lossy(&self) -> String {
        match self.as_ascii() {
            Some(s) => s.to_owned(),
            None => self.str_ref().chars().map(|c| char::from_u32(c).unwrap_or('\u{fffd}')).collect(),
        }
    }

    /// The content as UTF-8, `None` if it has lone surrogates.
    pub fn to_utf8(&self) -> Option<String> {
        match self.as_ascii() {
            Some(s) => Some(s.to_owned()),
            None => self.str_ref().chars().map(char::from_u32).collect(),
        }
    }

    /// Whether the content equals ASCII or UTF-8 text.
    pub fn eq_str(&self, s: &str) -> bool {
        match self.as_ascii() {
            Some(a) => a == s,
            None => self.str_ref().chars().eq(s.chars().map(u32::from)),
        }
    }

    /// Whether two strings have the same content.
    #[inline]
    pub fn same(&self, other: &StrObj) -> bool {
        if std::ptr::eq(self, other) {
            return true;
        }
        match (self.str_ref(), other.str_ref()) {
            (StrRef::Latin1(a), StrRef::Latin1(b)) => a == b,
            (StrRef::Ucs2(a), StrRef::Ucs2(b)) => a == b,
            (StrRef::Ucs4(a), StrRef::Ucs4(b)) => a == b,
            _ => false,
        }
    }
}

/// A bytes object.
#[repr(C)]
pub struct BytesObj {
    /// Header.
    pub header: Header,
    /// Cached hash, 0 if not computed.
    pub hash: AtomicI64,
    /// Number of bytes.
    pub len: LenWord,
}
accessor!(BytesObj, Bytes);

impl BytesObj {
    /// The content.
    #[inline(always)]
    pub fn bytes(&self) -> &'static [u8] {
        let p: *const BytesObj = self;
        // SAFETY: items follow the fixed part and the gap within the cell; immutable.
        unsafe {
            std::slice::from_raw_parts(p.add(1).cast::<u64>().add(self.len.gap()).cast(), self.len.len())
        }
    }
}

// ---------------------------------------------------------------------------------------------------- sequences

/// A tuple.
#[repr(C)]
pub struct TupleObj {
    /// Header.
    pub header: Header,
    /// Number of items.
    pub len: LenWord,
}
accessor!(TupleObj, Tuple);

impl TupleObj {
    /// The items.
    #[inline(always)]
    pub fn items(&self) -> &'static [Value] {
        let p: *const TupleObj = self;
        // SAFETY: items follow the fixed part and the gap within the cell; all were written before the tuple
        // was published and never change.
        unsafe {
            std::slice::from_raw_parts(p.add(1).cast::<u64>().add(self.len.gap()).cast(), self.len.len())
        }
    }
}

/// Storage of values in the collector's heap: zero words are empty.
#[repr(C)]
pub struct ValuesObj {
    /// Header (layout `Values`).
    pub header: Header,
    /// Number of words that follow.
    pub cap: usize,
}
accessor!(ValuesObj, Values);

impl ValuesObj {
    /// The words.
    #[inline(always)]
    pub fn slots(&self) -> &'static [Slot] {
        let p: *const ValuesObj = self;
        // SAFETY: `cap` words follow in the cell, all valid slots.
        unsafe { std::slice::from_raw_parts(p.add(1).cast(), self.cap) }
    }
}

/// A list. Items below `len` in `items` are never empty.
#[repr(C)]
pub struct ListObj {
    /// Header.
    pub header: Header,
    /// Number of items.
    pub len: AtomicUsize,
    /// Storage ([`ValuesObj`]), empty for capacity 0.
    pub items: Slot,
}
accessor!(ListObj, List);

impl ListObj {
    /// Number of items.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at `i`, `None` past the end. Safe against concurrent writers: a racing shrink or exchange
    /// of the storage gives an item that was there or `None`.
    #[inline(always)]
    pub fn get(&self, i: usize) -> Option<Value> {
        if i >= self.len() {
            return None;
        }
        let store = self.items.get()?;
        // SAFETY: `items` only ever holds `ValuesObj` cells.
        let slots = unsafe { (*store.ptr::<ValuesObj>()).slots() };
        slots.get(i)?.get()
    }

    /// A copy of the items as of one moment.
    pub fn snapshot(&self) -> Held<Value> {
        let mut v = Held::new();
        loop {
            v.reserve(self.len());
            let _g = self.header.lock(false);
            if self.len() > v.capacity() {
                continue;
            }
            if let Some(store) = self.items.get().and_then(ValuesObj::of) {
                v.extend(store.slots().iter().take(self.len()).map_while(Slot::get));
            }
            return v;
        }
    }
}

/// `range(start, stop, step)`; the four numbers are ints.
#[repr(C)]
pub struct RangeObj {
    /// Header.
    pub header: Header,
    /// First number.
    pub start: Slot,
    /// Bound.
    pub stop: Slot,
    /// Step.
    pub step: Slot,
    /// Number of numbers.
    pub length: Slot,
}
accessor!(RangeObj, Range);

/// Iterator over a range whose numbers are all small. One word changes, so that threads that share it get numbers of the range only.
#[repr(C)]
pub struct RangeIterObj {
    /// Header.
    pub header: Header,
    /// The number behind the last one; may have wrapped around.
    pub end: i64,
    /// Step.
    pub step: i64,
    /// Numbers left.
    pub left: AtomicI64,
}

impl RangeIterObj {
    /// The number that comes when so many are left.
    #[inline(always)]
    pub fn at(&self, left: i64) -> i64 {
        self.end.wrapping_sub(left.wrapping_mul(self.step))
    }
}
accessor!(RangeIterObj, RangeIter);

/// Header flag of an iterator over a list or a range that a `for` loop has made: no other thread knows of it.
pub const LOOP_OWN: u8 = 1;

/// Iterator over a sequence by index: list, tuple, str, bytes iterators and the generic one.
#[repr(C)]
pub struct SeqIterObj {
    /// Header.
    pub header: Header,
    /// The sequence, empty when exhausted.
    pub seq: Slot,
    /// Next index.
    pub index: AtomicUsize,
}
accessor!(SeqIterObj, SeqIter);

/// A slice.
#[repr(C)]
pub struct SliceObj {
    /// Header.
    pub header: Header,
    /// Start.
    pub start: Slot,
    /// Stop.
    pub stop: Slot,
    /// Step.
    pub step: Slot,
}
accessor!(SliceObj, Slice);

// ---------------------------------------------------------------------------------------------------- functions

/// A function written in Python.
#[repr(C)]
pub struct FunctionObj {
    /// Header.
    pub header: Header,
    /// `__code__`
    pub code: Slot,
    /// `__globals__` (dict).
    pub globals: Slot,
    /// `__builtins__` (dict).
    pub builtins: Slot,
    /// `__defaults__` (tuple) or empty.
    pub defaults: Slot,
    /// `__kwdefaults__` (dict) or empty.
    pub kwdefaults: Slot,
    /// `__closure__` (tuple of cells) or empty.
    pub closure: Slot,
    /// `__name__`
    pub name: Slot,
    /// `__qualname__`
    pub qualname: Slot,
    /// `__module__`
    pub module: Slot,
    /// `__doc__`
    pub doc: Slot,
    /// `__annotations__` once made, or given.
    pub annotations: Slot,
    /// `__annotate__`
    pub annotate: Slot,
    /// `__type_params__` (tuple) or empty.
    pub type_params: Slot,
}
accessor!(FunctionObj, Function);

/// What a frame's owner (a function, or a generator) has at the same offsets, so that running code finds its
/// namespaces without asking which of the two it is.
#[repr(C)]
pub struct FrameOwner {
    /// Header.
    pub header: Header,
    first: u64,
    /// `globals` (dict).
    pub globals: Slot,
    /// `builtins` (dict).
    pub builtins: Slot,
}

const _: () = assert!(
    std::mem::offset_of!(FrameOwner, globals) == std::mem::offset_of!(FunctionObj, globals)
        && std::mem::offset_of!(FrameOwner, builtins) == std::mem::offset_of!(FunctionObj, builtins)
        && std::mem::offset_of!(FrameOwner, globals) == std::mem::offset_of!(GeneratorObj, globals)
        && std::mem::offset_of!(FrameOwner, builtins) == std::mem::offset_of!(GeneratorObj, builtins)
);

/// A function in Rust. Arguments are bound to the signature's parameters before the call.
pub type BoundFn = fn(&mut Ctx, &[Value]) -> PyResult;
/// A function in Rust that binds its arguments itself; the first value is the object or type it is bound to, unbound for none.
pub type RawFn = fn(&mut Ctx, Value, Args<'_>) -> PyResult;

/// How a native function takes its arguments.
#[derive(Clone, Copy)]
pub enum NativeCode {
    /// Bound to the signature: one value a parameter, unbound for an omitted one without a representable
    /// default; `*args` is a tuple, `**kwargs` a dict. `self` is the first parameter of methods.
    Bound(BoundFn),
    /// Raw.
    Raw(RawFn),
}

/// What a native function is when it is found on a type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MethodKind {
    /// A function of a module.
    Function,
    /// A method.
    Method,
    /// A class method.
    Class,
    /// A static method.
    Static,
}

/// A parsed signature; see `vm`.
pub struct Signature {
    /// Parameter names; `self` included for methods.
    pub names: Vec<&'static str>,
    /// Default of each parameter: none, a value, or "omitted" (unbound).
    pub defaults: Vec<Option<Value>>,
    /// Positional-only parameters.
    pub posonly: usize,
    /// Positional parameters, positional-only ones included.
    pub positional: usize,
    /// Keyword-only parameters follow the positional ones.
    pub kwonly: usize,
    /// Whether `*args` is there (its place is after the keyword-only parameters).
    pub varargs: bool,
    /// Whether `**kwargs` is there (last place).
    pub varkw: bool,
    /// Positional parameters that must be given.
    pub required: usize,
}

/// The static description of a native function.
pub struct MethodDef {
    /// Name.
    pub name: &'static str,
    /// Parameters as text, e.g. `"(self, iterable=(), /)"`: the truth about binding, error messages and `__text_signature__`.
    pub sig: &'static str,
    /// Documentation.
    pub doc: &'static str,
    /// Code.
    pub code: NativeCode,
    /// Kind.
    pub kind: MethodKind,
    /// The parsed signature, made at the first call that needs it.
    pub parsed: std::sync::OnceLock<Signature>,
}

/// A native function object, a method descriptor or a native method bound to an object.
#[repr(C)]
pub struct NativeFnObj {
    /// Header.
    pub header: Header,
    /// Description.
    pub def: &'static MethodDef,
    /// Bound object, or the module of a module's function; empty in descriptors.
    pub this: Slot,
    /// Module name (str) or None.
    pub module: Slot,
    /// Class that the method belongs to; empty for functions.
    pub owner: Slot,
}
accessor!(NativeFnObj, NativeFn);

/// A function bound to an object.
#[repr(C)]
pub struct BoundMethodObj {
    /// Header.
    pub header: Header,
    /// `__func__`
    pub func: Slot,
    /// `__self__`
    pub this: Slot,
}
accessor!(BoundMethodObj, BoundMethod);

/// A variable shared by functions.
#[repr(C)]
pub struct CellObj {
    /// Header.
    pub header: Header,
    /// Content, empty if unbound.
    pub content: Slot,
}
accessor!(CellObj, Cell);

/// What a code object runs: instruction words with their caches, and tables.
pub struct CodeRt {
    /// The plain data that it was made from.
    pub data: Arc<CodeData>,
    /// Instruction words; cache words are owned by the interpreter.
    pub code: Box<[AtomicU64]>,
    /// Constants as objects.
    pub consts: Box<[Value]>,
    /// Names as interned strings.
    pub names: Box<[Value]>,
    /// Tuple of local names (interned).
    pub varnames: Value,
    /// Tuple of cell names.
    pub cellvars: Value,
    /// Tuple of free names.
    pub freevars: Value,
    /// Name.
    pub name: Value,
    /// Qualified name.
    pub qualname: Value,
    /// File name; `_imp._fix_co_filename` exchanges it.
    pub filename: Slot,
    /// What tools that watch programs know of the code.
    pub tools: std::sync::OnceLock<Box<crate::tools::CodeTools>>,
}

/// A code object. The hot fields are copied out of the tables.
#[repr(C)]
pub struct CodeObj {
    /// Header.
    pub header: Header,
    /// First word.
    pub start: *const AtomicU64,
    /// First instruction: the word after the first, which stands for the beginning.
    pub entry: *const AtomicU64,
    /// Constants.
    pub consts: *const Value,
    /// Registers of a frame.
    pub nregs: u32,
    /// `co_flags`
    pub flags: u32,
    /// Positional parameters.
    pub argcount: u32,
    /// Keyword-only parameters.
    pub kwonly: u32,
    /// Local variables (registers that start unbound).
    pub nlocals: u32,
    /// Registers to set unbound at entry: locals that are no parameters.
    pub init_regs: u32,
    /// Whether a call with exactly `argcount` positional arguments needs no further binding.
    pub simple: bool,
    /// Tables.
    pub rt: Box<CodeRt>,
    /// Free for tools (tracing, coverage): counts calls.
    pub calls: AtomicU32,
}
accessor!(CodeObj, Code);

/// A module.
#[repr(C)]
pub struct ModuleObj {
    /// Header.
    pub header: Header,
    /// `__dict__`
    pub dict: Slot,
}
accessor!(ModuleObj, Module);

// ---------------------------------------------------------------------------------------------------- exceptions, frames

/// Number of extra fields of an exception.
pub const EXC_FIELDS: usize = 9;

/// An exception. The meaning of `fields` depends on the type: see `vm`.
#[repr(C)]
pub struct ExcObj {
    /// Header; flag bit 0 is `__suppress_context__`.
    pub header: Header,
    /// `args` (tuple).
    pub args: Slot,
    /// `__traceback__`
    pub traceback: Slot,
    /// `__context__`
    pub context: Slot,
    /// `__cause__`
    pub cause: Slot,
    /// Type-specific attributes.
    pub fields: [Slot; EXC_FIELDS],
}
accessor!(ExcObj, Exception);

/// State of a generator.
#[allow(missing_docs)]
pub mod gen_state {
    pub const CREATED: u8 = 0;
    pub const SUSPENDED: u8 = 1;
    pub const RUNNING: u8 = 2;
    pub const DONE: u8 = 3;
}

/// A generator, coroutine or asynchronous generator. While it is suspended its registers lie in `regs`; while it
/// runs they lie on the stack of the thread that runs it.
#[repr(C)]
pub struct GeneratorObj {
    /// Header.
    pub header: Header,
    /// `gen_state`; RUNNING is entered by compare-and-swap, which makes sharing by threads safe.
    pub state: AtomicU8,
    /// Async generator bits: 1 closed, 2 hooks called, 4 asend/athrow running.
    pub ag_bits: AtomicU8,
    /// Registers of the frame (count), while suspended.
    pub nregs: AtomicU32,
    /// As in [`FrameOwner`]: `globals` of the function.
    pub globals: Slot,
    /// As in [`FrameOwner`]: `builtins` of the function.
    pub builtins: Slot,
    /// The code object.
    pub code: Slot,
    /// The function (`FunctionObj`) whose frame this is.
    pub func: Slot,
    /// Saved registers ([`ValuesObj`]).
    pub regs: Slot,
    /// Index of the instruction word to go on with.
    pub pc: AtomicU32,
    /// `__name__`
    pub name: Slot,
    /// `__qualname__`
    pub qualname: Slot,
    /// Exception being handled inside while suspended, and whether one is.
    pub handled: Slot,
    /// Frame object, if one was asked for.
    pub frame: Slot,
    /// Coroutine origin, async generator finalizer.
    pub extra: Slot,
}
accessor!(GeneratorObj, Generator);

/// A frame as Python code sees it. Made on demand; while the frame runs, registers are read from the stack.
#[repr(C)]
pub struct FrameObj {
    /// Header; flag bit 0: trace lines off, bit 1: trace opcodes.
    pub header: Header,
    /// The function object whose call this is.
    pub func: Slot,
    /// The code object that runs: the function may get another one meanwhile.
    pub code: Slot,
    /// First register while the frame is on a stack; null once it is gone (or suspended).
    pub regs: AtomicPtr<Value>,
    /// Saved registers ([`ValuesObj`]) once it is gone.
    pub saved: Slot,
    /// `f_back` once it is gone or was asked for.
    pub back: Slot,
    /// Index of the last instruction word, valid while not running.
    pub lasti: AtomicU32,
    /// Line of the instruction before the one that runs, as far as tools saw; 0: none.
    pub line: AtomicU32,
    /// `f_trace`
    pub trace: Slot,
    /// Extra local names of `f_locals` (dict).
    pub extra_locals: Slot,
    /// The generator that owns the frame.
    pub generator: Slot,
    /// Native id of the thread on whose stack it runs.
    pub thread: AtomicU64,
}
accessor!(FrameObj, Frame);

/// A weak reference (`weakref.ref`, proxies). The referent is hidden from the collector.
#[repr(C)]
pub struct WeakRefObj {
    /// Header.
    pub header: Header,
    /// Bits of the referent; 0 when it is dead.
    pub target: AtomicU64,
    /// Callback, if any.
    pub callback: Slot,
    /// Cached hash, with `hashed`.
    pub hash: AtomicI64,
    /// Whether `hash` is valid.
    pub hashed: AtomicU8,
}
accessor!(WeakRefObj, WeakRef);

/// Where the attribute area of a layout starts if nothing says otherwise: after its fixed part.
pub const fn fixed_size(layout: Layout) -> u32 {
    let n = match layout {
        Layout::Immediate | Layout::Values | Layout::DictTable | Layout::Raw | Layout::Native => 8,
        Layout::Object => size_of::<Header>(),
        Layout::Int => size_of::<IntObj>(),
        Layout::Float => size_of::<FloatObj>(),
        Layout::Complex => size_of::<ComplexObj>(),
        Layout::Str => size_of::<StrObj>(),
        Layout::Bytes => size_of::<BytesObj>(),
        Layout::Tuple => size_of::<TupleObj>(),
        Layout::List => size_of::<ListObj>(),
        Layout::Dict => size_of::<crate::dict::DictObj>(),
        Layout::Set | Layout::FrozenSet => size_of::<crate::dict::DictObj>(),
        Layout::Type => size_of::<TypeObj>(),
        Layout::Function => size_of::<FunctionObj>(),
        Layout::NativeFn => size_of::<NativeFnObj>(),
        Layout::BoundMethod => size_of::<BoundMethodObj>(),
        Layout::Cell => size_of::<CellObj>(),
        Layout::Code => size_of::<CodeObj>(),
        Layout::Module => size_of::<ModuleObj>(),
        Layout::Range => size_of::<RangeObj>(),
        Layout::RangeIter => size_of::<RangeIterObj>(),
        Layout::SeqIter => size_of::<SeqIterObj>(),
        Layout::Slice => size_of::<SliceObj>(),
        Layout::Exception => size_of::<ExcObj>(),
        Layout::Generator => size_of::<GeneratorObj>(),
        Layout::Frame => size_of::<FrameObj>(),
        Layout::WeakRef => size_of::<WeakRefObj>(),
    };
    n as u32
}
