//! What the containers share: checks of arguments, comparison of sequences, hashes, text.

use protopy_text::StrBuf;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{IntRef, StrObj};
use protopy_vm::protocore::{Args, CmpOp, Ctx, PyResult, Raised, Root, Ty, TypeObj, Value};
use protopy_vm::{compare, enter_repr, eq, generic_alias, index, index_clamped, leave_repr, repr};

/// The layout behind a receiver, or the TypeError of a method that was called with something else.
macro_rules! receiver {
    ($cx:expr, $v:expr, $of:expr, $what:literal) => {
        match $of($v) {
            Some(x) => x,
            None => return Err($crate::containers::common::bad_receiver($cx, $what, $v)),
        }
    };
}
pub(crate) use receiver;

/// Raises the TypeError of a method called with a receiver of another type.
#[cold]
pub fn bad_receiver(cx: &mut Ctx, what: &str, v: Value) -> Raised {
    let msg =
        format!("descriptor requires a '{what}' object but received a '{}'", protopy_vm::ops::tp_name(cx, v));
    cx.type_error(&msg)
}

/// Argument `i` of a bound call; unbound if there is none.
#[inline]
pub fn arg(args: &[Value], i: usize) -> Value {
    args.get(i).copied().unwrap_or(Value::UNBOUND)
}

/// The type object that a constructor was called with.
pub fn class_of(cx: &mut Ctx, cls: Value) -> PyResult<&'static TypeObj> {
    match TypeObj::of(cls) {
        Some(t) => Ok(t),
        None => Err(bad_receiver(cx, "type", cls)),
    }
}

/// TypeError if keyword arguments were given.
pub fn no_keywords(cx: &mut Ctx, name: &str, args: Args<'_>) -> PyResult<()> {
    if args.nkw() == 0 {
        return Ok(());
    }
    Err(cx.type_error(&format!("{name}() takes no keyword arguments")))
}

/// As [`no_keywords`], unless the class is a subclass of the known type with another `__init__`, which may want them.
pub fn no_keywords_unless_init(
    cx: &mut Ctx,
    name: &str,
    class: &TypeObj,
    t: Ty,
    args: Args<'_>,
) -> PyResult<()> {
    if args.nkw() == 0 || class.slots.init.address() != cx.ty(t).slots.init.address() {
        return Ok(());
    }
    no_keywords(cx, name, args)
}

/// TypeError unless the number of positional arguments lies between the bounds.
pub fn arity(cx: &mut Ctx, name: &str, args: Args<'_>, min: usize, max: usize) -> PyResult<()> {
    let n = args.pos().len();
    if n >= min && n <= max {
        return Ok(());
    }
    let (how, bound) = match (n < min, min == max) {
        (_, true) => ("", min),
        (true, false) => ("at least ", min),
        (false, false) => ("at most ", max),
    };
    let s = if bound == 1 { "" } else { "s" };
    Err(cx.type_error(&format!("{name} expected {how}{bound} argument{s}, got {n}")))
}

/// `__class_getitem__` of the generic containers.
pub fn class_getitem(cx: &mut Ctx, args: &[Value]) -> PyResult {
    generic_alias(cx, arg(args, 0), arg(args, 1))
}

/// `__iter__` of an iterator.
pub fn iter_self(_cx: &mut Ctx, this: Value) -> PyResult {
    Ok(this)
}

/// A function or type of the module `builtins`, as pickles of iterators name it.
pub fn builtin(cx: &mut Ctx, name: &str) -> PyResult {
    let n = cx.intern_str(name);
    match DictObj::of(cx.root(Root::Builtins)).and_then(|d| cx.dict_get_str(d, n)) {
        Some(v) => Ok(v),
        None => Err(cx.raise_str(Ty::AttributeError, name)),
    }
}

/// `(iter, (seq,))` or `(iter, (seq,), state)`: how iterators are pickled.
pub fn reduce_iter(cx: &mut Ctx, seq: Value, state: Option<Value>) -> PyResult {
    let f = builtin(cx, "iter")?;
    reduce(cx, f, &[seq], state)
}

/// `(f, args)` or `(f, args, state)`.
pub fn reduce(cx: &mut Ctx, f: Value, args: &[Value], state: Option<Value>) -> PyResult {
    let args = cx.tuple_of(None, args)?;
    match state {
        Some(s) => cx.tuple_of(None, &[f, args, s]),
        None => cx.tuple_of(None, &[f, args]),
    }
}

/// An argument that has to fit the machine's index type.
pub fn ssize(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    if let Some(n) = v.as_small() {
        return Ok(n);
    }
    let i = index(cx, v)?;
    match IntRef::of(i).and_then(IntRef::to_i64) {
        Some(n) => Ok(n),
        None => Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C ssize_t")),
    }
}

/// A subscript as an index; IndexError if it does not fit. The caller has checked that it has `__index__`.
pub fn subscript(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    protopy_vm::index_i64(cx, v, Ty::IndexError)
}

/// Whether a value may stand as an index.
#[inline]
pub fn has_index(cx: &Ctx, v: Value) -> bool {
    v.is_small() || cx.type_of(v).slots.index.address() != 0
}

/// The `start` or `stop` of `index()`: any integer, clamped.
pub fn search_bound(cx: &mut Ctx, v: Value, default: i64) -> PyResult<i64> {
    if v.is_unbound() {
        return Ok(default);
    }
    if !has_index(cx, v) {
        return Err(cx.type_error("slice indices must be integers or have an __index__ method"));
    }
    index_clamped(cx, v)
}

/// An index from either end as a position, not above `i64::MAX`.
pub fn from_end(i: i64, len: usize) -> usize {
    let i = if i < 0 { i.saturating_add(len as i64).max(0) } else { i };
    i as usize
}

/// The position that a subscript names, `None` outside of the length.
#[inline]
pub fn position(i: i64, len: usize) -> Option<usize> {
    let i = if i < 0 { i.checked_add(len as i64)? } else { i };
    usize::try_from(i).ok().filter(|i| *i < len)
}

/// Compares two sequences item by item. The items are fetched anew each time, as comparison may change the sequences.
pub fn compare_items(
    cx: &mut Ctx,
    a: impl Fn(usize) -> Option<Value>,
    b: impl Fn(usize) -> Option<Value>,
    lens: impl Fn() -> (usize, usize),
    op: CmpOp,
) -> PyResult {
    if matches!(op, CmpOp::Eq | CmpOp::Ne) {
        let (n, m) = lens();
        if n != m {
            return Ok(Value::bool(op == CmpOp::Ne));
        }
    }
    let mut i = 0;
    while let (Some(x), Some(y)) = (a(i), b(i)) {
        if i % 16 == 0 {
            cx.breathe();
        }
        if !eq(cx, x, y)? {
            // The comparison may have emptied the sequences: lengths decide then.
            let (Some(x), Some(y)) = (a(i), b(i)) else { break };
            return match op {
                CmpOp::Eq => Ok(Value::FALSE),
                CmpOp::Ne => Ok(Value::TRUE),
                _ => compare(cx, x, y, op),
            };
        }
        i += 1;
    }
    let (n, m) = lens();
    Ok(Value::bool(op.holds(n.cmp(&m))))
}

/// Folds hashes of items into one: xxHash's scheme, by which `hash((1, 2))` is what CPython gives.
#[derive(Clone, Copy)]
pub struct Lanes(u64);

const PRIME1: u64 = 11_400_714_785_074_694_791;
const PRIME2: u64 = 14_029_467_366_897_019_727;
const PRIME5: u64 = 2_870_177_450_012_600_261;

impl Lanes {
    /// Of no items.
    pub const fn new() -> Lanes {
        Lanes(PRIME5)
    }

    /// Adds an item's hash.
    #[inline]
    pub fn add(&mut self, hash: i64) {
        let acc = self.0.wrapping_add((hash as u64).wrapping_mul(PRIME2));
        self.0 = acc.rotate_left(31).wrapping_mul(PRIME1);
    }

    /// The hash of a tuple of `n` items.
    pub const fn finish(self, n: usize) -> i64 {
        Lanes(self.0.wrapping_add(n as u64 ^ (PRIME5 ^ 3_527_539))).finish_plain()
    }

    /// The hash without the number of items.
    pub const fn finish_plain(self) -> i64 {
        match self.0 as i64 {
            -1 => 1_546_275_796,
            h => h,
        }
    }
}

impl Default for Lanes {
    fn default() -> Self {
        Lanes::new()
    }
}

/// Appends `repr(v)`.
pub fn push_repr(cx: &mut Ctx, out: &mut StrBuf, v: Value) -> PyResult<()> {
    let r = repr(cx, v)?;
    if let Some(s) = StrObj::of(r) {
        out.push_ref(s.str_ref());
    }
    Ok(())
}

/// `open`, the items' representations separated by commas, `close`. An item is fetched when its turn comes.
pub fn repr_items(
    cx: &mut Ctx,
    open: &str,
    close: &str,
    mut next: impl FnMut() -> Option<Value>,
) -> PyResult {
    let mut out = StrBuf::new();
    out.push_str(open);
    let mut first = true;
    while let Some(v) = next() {
        if !first {
            out.push_str(", ");
        }
        first = false;
        push_repr(cx, &mut out, v)?;
    }
    out.push_str(close);
    cx.str_buf(out)
}

/// Runs `f` with `this` entered into the objects being represented; `again` if it is in there already.
pub fn guarded_repr(
    cx: &mut Ctx,
    this: Value,
    again: &str,
    f: impl FnOnce(&mut Ctx) -> PyResult,
) -> PyResult {
    if !enter_repr(cx, this) {
        return Ok(cx.str(again));
    }
    let r = f(cx);
    leave_repr(cx, this);
    r
}
