//! Numbers of the specification, contexts' settings, and the rounding of results.

use super::Res;
use super::words::{self, BASE, POW10_WIDE, Rest, Words};

/// Most digits of a context's precision.
pub const MAX_PREC: i64 = 999_999_999_999_999_999;
/// Largest exponent of a context.
pub const MAX_EMAX: i64 = 999_999_999_999_999_999;
/// Smallest exponent of a context.
pub const MIN_EMIN: i64 = -MAX_EMAX;
/// Smallest exponent of a number's last digit.
pub const MIN_ETINY: i64 = MIN_EMIN - (MAX_PREC - 1);

/// Conditions, as bits of a status. The first four are forms of the invalid operation that a program can tell apart by the
/// exception alone.
#[allow(missing_docs)]
pub mod flags {
    pub const CONVERSION_SYNTAX: u32 = 1 << 0;
    pub const DIVISION_IMPOSSIBLE: u32 = 1 << 1;
    pub const DIVISION_UNDEFINED: u32 = 1 << 2;
    pub const INVALID_CONTEXT: u32 = 1 << 3;
    pub const INVALID_OPERATION: u32 = 1 << 4;
    pub const FLOAT_OPERATION: u32 = 1 << 5;
    pub const DIVISION_BY_ZERO: u32 = 1 << 6;
    pub const OVERFLOW: u32 = 1 << 7;
    pub const UNDERFLOW: u32 = 1 << 8;
    pub const SUBNORMAL: u32 = 1 << 9;
    pub const INEXACT: u32 = 1 << 10;
    pub const ROUNDED: u32 = 1 << 11;
    pub const CLAMPED: u32 = 1 << 12;
    /// All forms of the invalid operation.
    pub const INVALID: u32 =
        CONVERSION_SYNTAX | DIVISION_IMPOSSIBLE | DIVISION_UNDEFINED | INVALID_CONTEXT | INVALID_OPERATION;
}

/// Conditions that have been met.
pub type Status = u32;

/// How to round.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Rounding {
    Up,
    Down,
    Ceiling,
    Floor,
    HalfUp,
    HalfDown,
    #[default]
    HalfEven,
    ZeroFiveUp,
}

/// All ways to round, by their numbers.
pub const ROUNDINGS: [Rounding; 8] = [
    Rounding::Up,
    Rounding::Down,
    Rounding::Ceiling,
    Rounding::Floor,
    Rounding::HalfUp,
    Rounding::HalfDown,
    Rounding::HalfEven,
    Rounding::ZeroFiveUp,
];

impl Rounding {
    /// Its name in Python.
    pub const fn name(self) -> &'static str {
        match self {
            Rounding::Up => "ROUND_UP",
            Rounding::Down => "ROUND_DOWN",
            Rounding::Ceiling => "ROUND_CEILING",
            Rounding::Floor => "ROUND_FLOOR",
            Rounding::HalfUp => "ROUND_HALF_UP",
            Rounding::HalfDown => "ROUND_HALF_DOWN",
            Rounding::HalfEven => "ROUND_HALF_EVEN",
            Rounding::ZeroFiveUp => "ROUND_05UP",
        }
    }

    /// Whether a coefficient with this last digit goes up when `rest` is dropped.
    pub fn up(self, neg: bool, rest: Rest, last: u64) -> bool {
        if rest == Rest::Zero {
            return false;
        }
        match self {
            Rounding::Up => true,
            Rounding::Down => false,
            Rounding::Ceiling => !neg,
            Rounding::Floor => neg,
            Rounding::HalfUp => rest != Rest::Low,
            Rounding::HalfDown => rest == Rest::High,
            Rounding::HalfEven => rest == Rest::High || rest == Rest::Half && last % 2 == 1,
            Rounding::ZeroFiveUp => last.is_multiple_of(5),
        }
    }
}

/// What of a context matters to results.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Digits of a result, at least 1.
    pub prec: i64,
    /// Largest adjusted exponent.
    pub emax: i64,
    /// Smallest adjusted exponent of a normal number.
    pub emin: i64,
    /// How to round.
    pub rounding: Rounding,
    /// Whether exponents are limited to [`Settings::etop`].
    pub clamp: bool,
}

impl Settings {
    /// The widest, in which every number is exact.
    pub const MAX: Settings = Settings {
        prec: MAX_PREC,
        emax: MAX_EMAX,
        emin: MIN_EMIN,
        rounding: Rounding::HalfEven,
        clamp: false,
    };

    /// Smallest exponent of a last digit.
    #[inline]
    pub const fn etiny(&self) -> i64 {
        self.emin - (self.prec - 1)
    }

    /// Largest exponent of a number with all digits.
    #[inline]
    pub const fn etop(&self) -> i64 {
        self.emax - (self.prec - 1)
    }

    /// The widest range of exponents with a precision, rounding to the nearest.
    pub const fn wide(prec: i64) -> Settings {
        Settings { prec, ..Settings::MAX }
    }
}

/// What a number is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Kind {
    Finite,
    Infinite,
    Quiet,
    Signaling,
}

/// A coefficient.
pub type Coef = Words;

/// A number that owns its coefficient.
#[derive(Debug)]
pub struct Dec {
    /// Whether the sign is negative.
    pub neg: bool,
    /// What it is.
    pub kind: Kind,
    /// Exponent; 0 if not finite.
    pub exp: i64,
    /// Coefficient, or a NaN's payload; trimmed.
    pub coef: Words,
}

/// A number with a borrowed coefficient.
#[derive(Clone, Copy, Debug)]
pub struct DecRef<'a> {
    /// Whether the sign is negative.
    pub neg: bool,
    /// What it is.
    pub kind: Kind,
    /// Exponent; 0 if not finite.
    pub exp: i64,
    /// Coefficient, or a NaN's payload; trimmed.
    pub coef: &'a [u64],
}

impl Dec {
    /// A finite number.
    #[inline]
    pub fn finite(neg: bool, coef: Words, exp: i64) -> Dec {
        Dec { neg, kind: Kind::Finite, exp, coef }
    }

    /// A small finite number.
    pub fn of(neg: bool, coef: u64, exp: i64) -> Dec {
        Dec::finite(neg, Words::of_u64(coef), exp)
    }

    /// An infinity.
    pub fn infinity(neg: bool) -> Dec {
        Dec { neg, kind: Kind::Infinite, exp: 0, coef: Words::new() }
    }

    /// A quiet NaN without a payload.
    pub fn nan() -> Dec {
        Dec { neg: false, kind: Kind::Quiet, exp: 0, coef: Words::new() }
    }

    /// A NaN for an invalid operation.
    pub fn invalid(why: u32, st: &mut Status) -> Dec {
        *st |= why;
        Dec::nan()
    }

    /// The number, borrowed.
    #[inline]
    pub fn view(&self) -> DecRef<'_> {
        DecRef { neg: self.neg, kind: self.kind, exp: self.exp, coef: &self.coef }
    }
}

impl DecRef<'_> {
    /// The number 1.
    pub const ONE: DecRef<'static> = DecRef { neg: false, kind: Kind::Finite, exp: 0, coef: &[1] };

    /// An owned copy.
    pub fn owned(self) -> Res<Dec> {
        Ok(Dec { neg: self.neg, kind: self.kind, exp: self.exp, coef: Words::copy(self.coef)? })
    }

    /// Whether it is a number with digits.
    #[inline]
    pub fn is_finite(self) -> bool {
        self.kind == Kind::Finite
    }

    /// Whether it is finite and zero.
    #[inline]
    pub fn is_zero(self) -> bool {
        self.kind == Kind::Finite && self.coef.is_empty()
    }

    /// Whether it is a NaN of either kind.
    #[inline]
    pub fn is_nan(self) -> bool {
        matches!(self.kind, Kind::Quiet | Kind::Signaling)
    }

    /// Whether it is an infinity.
    #[inline]
    pub fn is_infinite(self) -> bool {
        self.kind == Kind::Infinite
    }

    /// Number of digits; at least 1.
    #[inline]
    pub fn digits(self) -> i64 {
        (words::digits(self.coef) as i64).max(1)
    }

    /// Exponent of the first digit.
    #[inline]
    pub fn adjusted(self) -> i64 {
        self.exp + self.digits() - 1
    }

    /// Whether it is finite without a fraction.
    pub fn is_integer(self) -> bool {
        self.is_finite()
            && (self.exp >= 0
                || self.coef.is_empty()
                || words::trailing_zeros(self.coef) as i64 >= self.exp.saturating_neg())
    }

    /// With another sign.
    #[inline]
    pub fn with_sign(self, neg: bool) -> Self {
        DecRef { neg, ..self }
    }

    /// Whether it is an odd integer; only for integers.
    pub fn is_odd(self) -> bool {
        self.exp <= 0 && words::digit_at(self.coef, usize::try_from(-self.exp).unwrap_or(usize::MAX)) % 2 == 1
    }
}

/// What an operation answers if an operand is a NaN: the first signaling one, else the first quiet one, with as much of its
/// payload as fits.
pub fn nan_result(a: DecRef<'_>, b: Option<DecRef<'_>>, s: &Settings, st: &mut Status) -> Res<Option<Dec>> {
    let signaling = |x: &DecRef<'_>| x.kind == Kind::Signaling;
    let found = match (a.is_nan(), b.filter(|b| b.is_nan())) {
        (false, None) => return Ok(None),
        (true, None) => a,
        (false, Some(b)) => b,
        (true, Some(b)) => {
            if signaling(&b) && !signaling(&a) {
                b
            } else {
                a
            }
        }
    };
    if signaling(&found) {
        *st |= flags::INVALID_OPERATION;
    }
    quiet(found, s).map(Some)
}

/// A NaN made quiet, with as much of its payload as fits.
pub fn quiet(x: DecRef<'_>, s: &Settings) -> Res<Dec> {
    let room = s.prec - i64::from(s.clamp);
    let coef = if words::digits(x.coef) as i64 > room {
        words::low_digits(x.coef, room as usize)?
    } else {
        Words::copy(x.coef)?
    };
    Ok(Dec { neg: x.neg, kind: Kind::Quiet, exp: 0, coef })
}

/// A number's digits to a length that a buffer may have.
pub fn length(n: i64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

/// A finite result of a few words that may need no rounding: `None` if it does.
#[inline(always)]
pub fn fits(neg: bool, coef: u128, exp: i64, s: &Settings) -> Option<Dec> {
    if coef == 0 || s.prec < 38 && coef >= POW10_WIDE[s.prec as usize] || coef >= POW10_WIDE[38] {
        return None;
    }
    // The adjusted exponent lies between `exp` and `exp + 37`.
    if exp < s.emin || exp > s.emax - 37 || s.clamp && exp > s.etop() {
        return None;
    }
    Some(Dec { neg, kind: Kind::Finite, exp, coef: Words::of_u128(coef) })
}

/// Rounds a finite number to a context: precision, range, clamping.
pub fn finish(mut x: Dec, s: &Settings, st: &mut Status) -> Res<Dec> {
    debug_assert!(x.kind == Kind::Finite && x.coef.last() != Some(&0));
    if x.coef.is_empty() {
        return Ok(finish_zero(x, s, st));
    }
    let digits = words::digits(&x.coef) as i64;
    let adjusted = x.exp + (digits - 1);
    let mut drop = digits - s.prec;
    let subnormal = adjusted < s.emin;
    if subnormal {
        drop = drop.max(s.etiny() - x.exp);
        *st |= flags::SUBNORMAL;
    }
    if drop > 0 {
        if adjusted > s.emax {
            return overflow(x.neg, s, st);
        }
        let inexact = round_off(&mut x, drop, s.rounding)?;
        *st |= flags::ROUNDED;
        if inexact {
            *st |= if subnormal { flags::INEXACT | flags::UNDERFLOW } else { flags::INEXACT };
        }
        if words::digits(&x.coef) as i64 > s.prec {
            words::shift_right_in_word(&mut x.coef, 1);
            x.coef.trim();
            x.exp += 1;
        }
        if x.coef.is_empty() {
            *st |= flags::CLAMPED;
            return Ok(x);
        }
    }
    let adjusted = x.exp + (words::digits(&x.coef) as i64 - 1);
    if adjusted > s.emax {
        return overflow(x.neg, s, st);
    }
    if s.clamp && x.exp > s.etop() {
        *st |= flags::CLAMPED;
        x.coef = words::shift_left(&x.coef, length(x.exp - s.etop()))?;
        x.exp = s.etop();
    }
    Ok(x)
}

fn finish_zero(mut x: Dec, s: &Settings, st: &mut Status) -> Dec {
    let top = if s.clamp { s.etop() } else { s.emax };
    // With an unusual context the largest exponent may lie below the smallest.
    let exp = if x.exp < s.etiny() { s.etiny() } else { x.exp.min(top) };
    if exp != x.exp {
        *st |= flags::CLAMPED;
        x.exp = exp;
    }
    x
}

/// The result of an overflow.
fn overflow(neg: bool, s: &Settings, st: &mut Status) -> Res<Dec> {
    *st |= flags::OVERFLOW | flags::INEXACT | flags::ROUNDED;
    let finite = match s.rounding {
        Rounding::Down | Rounding::ZeroFiveUp => true,
        Rounding::Ceiling => neg,
        Rounding::Floor => !neg,
        _ => false,
    };
    if finite { largest(neg, s) } else { Ok(Dec::infinity(neg)) }
}

/// The largest finite number.
pub fn largest(neg: bool, s: &Settings) -> Res<Dec> {
    Ok(Dec::finite(neg, nines(s.prec)?, s.etop()))
}

/// `n` nines.
pub fn nines(n: i64) -> Res<Words> {
    let n = length(n);
    let (q, r) = (n / words::DIGITS, n % words::DIGITS);
    let mut w = Words::zeros(q + usize::from(r != 0))?;
    w[..q].fill(BASE - 1);
    if r != 0 {
        w[q] = words::POW10[r] - 1;
    }
    Ok(w)
}

/// Drops the lowest `drop` digits, which must be more than 0, and rounds; whether something other than zeros was dropped.
pub fn round_off(x: &mut Dec, drop: i64, rounding: Rounding) -> Res<bool> {
    let rest = if drop > words::digits(&x.coef) as i64 && !x.coef.is_empty() {
        Rest::Low
    } else {
        words::rest(&x.coef, length(drop))
    };
    x.coef = words::shift_right(&x.coef, length(drop))?;
    x.exp += drop;
    if rounding.up(x.neg, rest, x.coef.first().map_or(0, |w| w % 10)) {
        words::add_word(&mut x.coef, 1)?;
    }
    Ok(rest != Rest::Zero)
}

/// Makes sure that a truncated coefficient with digits to spare rounds as the whole number would: its last digit must not look like
/// the end of an exact number or of a half.
pub fn sticky(coef: &mut Words) -> Res<()> {
    if coef.first().is_none_or(|w| w.is_multiple_of(5)) {
        words::add_word(coef, 1)?;
    }
    Ok(())
}
