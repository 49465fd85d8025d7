//! The tagged 64-bit word that every Python value is.
//!
//! | low bits | meaning |
//! | --- | --- |
//! | `…1` | integer of 63 bits, shifted left by one |
//! | `…10` | immediate float: `rotl(bits + (1 << 60), 3)` |
//! | `…000` | address of a heap object's [`Header`] |
//! | `…100` | a constant: None, True, False, Ellipsis, NotImplemented, unbound |
//!
//! The float encoding covers doubles whose exponent has its top three bits at 011 or 100, that is magnitudes
//! from about 2^-255 to 2^256; others, zero among them, are boxed. No value is the zero word, so that
//! `Option<Value>` is one word.

use crate::header::{Header, Layout};
use std::num::NonZeroU64;

/// A Python value: an immediate or a reference to a heap object. Copying it is free; the collector finds it on
/// native stacks, in registers and in traced objects.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Value(NonZeroU64);

const _: () = assert!(size_of::<Option<Value>>() == 8);

/// Largest integer that is immediate.
pub const SMALL_MAX: i64 = (1 << 62) - 1;
/// Smallest integer that is immediate.
pub const SMALL_MIN: i64 = -(1 << 62);

#[inline(always)]
const fn word(w: u64) -> Value {
    match NonZeroU64::new(w) {
        Some(n) => Value(n),
        None => panic!("a value is never the zero word"),
    }
}

impl Value {
    /// `None`
    pub const NONE: Value = word(0x04);
    /// `False`
    pub const FALSE: Value = word(0x14);
    /// `True`
    pub const TRUE: Value = word(0x1c);
    /// `...`
    pub const ELLIPSIS: Value = word(0x24);
    /// `NotImplemented`
    pub const NOT_IMPLEMENTED: Value = word(0x2c);
    /// The internal mark of "no value": an unbound local, an omitted argument, an exhausted iterator. Never
    /// visible to Python code.
    pub const UNBOUND: Value = word(0x34);

    /// The raw word.
    #[inline(always)]
    pub const fn bits(self) -> u64 {
        self.0.get()
    }

    /// The value of a raw word.
    ///
    /// # Safety
    /// The word came from [`Value::bits`] and, if it is a reference, its object is alive.
    #[inline(always)]
    pub const unsafe fn from_bits(w: u64) -> Value {
        // SAFETY: the caller passes the bits of a value, which are never zero.
        Value(unsafe { NonZeroU64::new_unchecked(w) })
    }

    /// The value of a raw word, `None` for zero (an empty heap slot).
    ///
    /// # Safety
    /// As [`Value::from_bits`], zero allowed.
    #[inline(always)]
    pub const unsafe fn from_slot(w: u64) -> Option<Value> {
        match NonZeroU64::new(w) {
            Some(n) => Some(Value(n)),
            None => None,
        }
    }

    /// A reference to a heap object.
    #[inline(always)]
    pub fn from_ref<T>(p: *const T) -> Value {
        debug_assert!(!p.is_null() && (p as u64) & 7 == 0);
        // SAFETY: object addresses are never null.
        Value(unsafe { NonZeroU64::new_unchecked(p as u64) })
    }

    /// `True` or `False`.
    #[inline(always)]
    pub const fn bool(b: bool) -> Value {
        if b { Value::TRUE } else { Value::FALSE }
    }

    /// The integer as an immediate, `None` if it takes more than 63 bits.
    #[inline(always)]
    pub const fn try_small(n: i64) -> Option<Value> {
        match n.checked_mul(2) {
            Some(s) => Some(word(s as u64 | 1)),
            None => None,
        }
    }

    /// An immediate integer that is known to fit (lengths, counts, 32-bit numbers).
    #[inline(always)]
    pub const fn small(n: i64) -> Value {
        debug_assert!(n >= SMALL_MIN && n <= SMALL_MAX);
        word((n as u64) << 1 | 1)
    }

    /// Whether this is an immediate integer.
    #[inline(always)]
    pub const fn is_small(self) -> bool {
        self.bits() & 1 == 1
    }

    /// The immediate integer.
    #[inline(always)]
    pub const fn as_small(self) -> Option<i64> {
        if self.is_small() { Some(self.bits() as i64 >> 1) } else { None }
    }

    /// The float as an immediate, `None` if it has to be boxed.
    #[inline(always)]
    pub const fn try_float(f: f64) -> Option<Value> {
        let w = f.to_bits().wrapping_add(1 << 60).rotate_left(3);
        if w & 3 == 2 { Some(word(w)) } else { None }
    }

    /// Whether this is an immediate float.
    #[inline(always)]
    pub const fn is_imm_float(self) -> bool {
        self.bits() & 3 == 2
    }

    /// The immediate float.
    #[inline(always)]
    pub const fn as_imm_float(self) -> Option<f64> {
        if self.is_imm_float() {
            Some(f64::from_bits(self.bits().rotate_right(3).wrapping_sub(1 << 60)))
        } else {
            None
        }
    }

    /// Whether this refers to a heap object.
    #[inline(always)]
    pub const fn is_heap(self) -> bool {
        self.bits() & 7 == 0
    }

    /// The object's header, `None` for an immediate.
    #[inline(always)]
    pub fn header(self) -> Option<&'static Header> {
        // SAFETY: a heap reference points at a live header; the collector keeps it alive while this word is on a
        // stack, and objects never move. The lifetime is nominal: the caller must not outlive the owner.
        if self.is_heap() { Some(unsafe { &*(self.bits() as *const Header) }) } else { None }
    }

    /// The object's address as a typed pointer; meaningful for a heap reference only.
    #[inline(always)]
    pub const fn ptr<T>(self) -> *mut T {
        self.bits() as *mut T
    }

    /// The layout of a heap object, `Layout::Immediate` for an immediate.
    #[inline(always)]
    pub fn layout(self) -> Layout {
        match self.header() {
            Some(h) => h.layout(),
            None => Layout::Immediate,
        }
    }

    /// Identity.
    #[inline(always)]
    pub fn is(self, other: Value) -> bool {
        self.0 == other.0
    }

    /// Whether this is `None`.
    #[inline(always)]
    pub fn is_none(self) -> bool {
        self.is(Value::NONE)
    }

    /// Whether this is the internal unbound mark.
    #[inline(always)]
    pub fn is_unbound(self) -> bool {
        self.is(Value::UNBOUND)
    }

    /// Whether this is `True` or `False`.
    #[inline(always)]
    pub fn is_bool(self) -> bool {
        self.bits() & !8 == Value::FALSE.bits()
    }

    /// `None` for the internal unbound mark (an omitted argument), the value otherwise.
    #[inline(always)]
    pub fn bound(self) -> Option<Value> {
        if self.is_unbound() { None } else { Some(self) }
    }

    /// As [`Value::bound`], with `None` the object counting as omitted too.
    #[inline(always)]
    pub fn not_none(self) -> Option<Value> {
        if self.is_unbound() || self.is_none() { None } else { Some(self) }
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.as_small(), self.as_imm_float()) {
            (Some(n), _) => write!(f, "{n}"),
            (_, Some(x)) => write!(f, "{x:?}"),
            _ => write!(f, "<{:?} {:#x}>", self.layout(), self.bits()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_integers_round_trip_at_the_limits() {
        for n in [0, 1, -1, SMALL_MAX, SMALL_MIN] {
            assert_eq!(Value::try_small(n).and_then(Value::as_small), Some(n));
        }
        assert_eq!(Value::try_small(SMALL_MAX + 1), None);
        assert_eq!(Value::try_small(SMALL_MIN - 1), None);
    }

    #[test]
    fn floats_are_immediate_or_refused() {
        for f in [1.0, -1.0, 0.1, 1e70, -1e-70, 3.5e-77, std::f64::consts::PI] {
            let v = Value::try_float(f).expect("in range");
            assert_eq!(v.as_imm_float().map(f64::to_bits), Some(f.to_bits()));
            assert!(!v.is_small() && !v.is_heap());
        }
        for f in [0.0, -0.0, f64::INFINITY, f64::NAN, 1e300, 1e-300, f64::MIN_POSITIVE] {
            assert_eq!(Value::try_float(f), None);
        }
    }
}
