//! Identities of the number layer.

use super::dec::{Dec, Rounding, Settings, finish, flags};
use super::words::{self, BASE, DIGITS, Rest, Words};
use super::{Res, Stop, Work, arith, compare, convert, div, elementary, mul, ntt, power, text};

/// A small generator of random numbers.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number of `n` words, many of them at the edges.
    fn words(&mut self, n: usize) -> Words {
        let mut w = Words::zeros(n).expect("small");
        for x in w.iter_mut() {
            *x = match self.next() % 6 {
                0 => 0,
                1 => BASE - 1,
                2 => self.next() % 10,
                _ => self.next() % BASE,
            };
        }
        if let Some(top) = w.last_mut() {
            *top = (*top).max(1);
        }
        w
    }
}

fn with<T>(f: impl FnOnce(&mut Work) -> Res<T>) -> T {
    let mut poll = || true;
    f(&mut Work::new(&mut poll)).expect("enough memory")
}

fn number(t: &str) -> Dec {
    text::parse(t.as_bytes()).expect("memory").expect("a number")
}

fn shown(d: &Dec) -> String {
    String::from_utf8(text::to_text(d.view(), true, false).expect("memory")).expect("ASCII")
}

#[test]
fn products_agree() {
    let mut r = Random(7);
    for (n, m) in [(1, 1), (3, 2), (40, 40), (41, 57), (90, 300), (200, 200), (2500, 1300)] {
        let (a, b) = (r.words(n), r.words(m));
        let mut want = words::zeroed(n + m).expect("memory");
        mul::rows(&mut want, &a, &b);
        let want = Words::of_vec(want);
        assert_eq!(*with(|w| mul::mul(&a, &b, w)), *want, "{n} {m}");
        assert_eq!(*with(|w| ntt::mul(&a, &b, w)), *want, "{n} {m} by transforms");
    }
    let a = r.words(1500);
    let mut want = words::zeroed(3000).expect("memory");
    mul::rows(&mut want, &a, &a);
    assert_eq!(*with(|w| mul::square(&a, w)), *Words::of_vec(want));
}

#[test]
fn quotients_multiply_back() {
    let mut r = Random(11);
    for (n, m) in [(1, 1), (2, 1), (4, 2), (5, 3), (9, 8), (170, 85), (400, 90), (700, 333), (3000, 1000)] {
        for _ in 0..20 {
            let (a, b) = (r.words(n), r.words(m));
            let (q, rem) = with(|w| div::div_rem(&a, &b, w));
            assert!(words::compare(&rem, &b).is_lt());
            let back = words::add(&with(|w| mul::mul(&q, &b, w)), &rem).expect("memory");
            assert_eq!(words::trim(&back), &*a, "{n} {m}");
        }
    }
}

#[test]
fn roots_are_nearest_below() {
    let mut r = Random(13);
    for n in [1, 2, 3, 4, 5, 6, 7, 11, 60, 333] {
        for _ in 0..20 {
            let a = r.words(n);
            let (s, exact) = with(|w| div::sqrt(&a, w));
            let low = with(|w| mul::square(&s, w));
            assert!(words::compare(&low, &a).is_le());
            assert_eq!(exact, *low == *a);
            let next = words::add(&s, &[1]).expect("memory");
            assert!(words::compare(&with(|w| mul::square(words::trim(&next), w)), &a).is_gt());
            let whole = with(|w| mul::square(&a, w));
            let (s, exact) = with(|w| div::sqrt(&whole, w));
            assert!(exact);
            assert_eq!(*s, *a);
        }
    }
}

#[test]
fn shifts_take_back_shifts() {
    let mut r = Random(17);
    for n in 1..6 {
        for k in 0..80 {
            let a = r.words(n);
            let up = words::shift_left(&a, k).expect("memory");
            assert_eq!(words::digits(&up), words::digits(&a) + k);
            assert_eq!(*words::shift_right(&up, k).expect("memory"), *a);
            assert_eq!(words::rest(&up, k), Rest::Zero);
            assert!(words::trailing_zeros(&up) >= k);
            let low = words::low_digits(&a, k).expect("memory");
            let high = words::shift_left(&words::shift_right(&a, k).expect("memory"), k).expect("memory");
            assert_eq!(words::trim(&words::add(&low, &high).expect("memory")), &*a);
        }
    }
}

#[test]
fn binary_conversions_take_each_other_back() {
    let mut r = Random(19);
    for n in [1, 2, 5, 16, 17, 40, 150] {
        let a = r.words(n);
        let b = with(|w| convert::to_binary(&a, w));
        assert_eq!(b.to_string().as_bytes(), text::digits_of(&a).expect("memory"));
        assert_eq!(*with(|w| convert::from_binary(&b.to_u64_digits(), w)), *a);
    }
}

#[test]
fn text_is_read_and_written() {
    for t in [
        "0",
        "-0",
        "1E+3",
        "1.50",
        "0.000001",
        "1E-7",
        "-12345678901234567890123456789012345678901.5",
        "NaN",
        "-sNaN12",
        "Infinity",
        "0E-10",
    ] {
        assert_eq!(shown(&number(t)), t);
    }
    for t in ["", ".", "+", "e5", "1e", "1e+", "nanx", "1.2.3", ".e1", "--1", "in"] {
        assert!(text::parse(t.as_bytes()).expect("memory").is_none(), "{t}");
    }
}

#[test]
fn the_constant_is_the_series() {
    for n in [1, 5, 11] {
        let long = with(|w| elementary::ln10(n + 12, w));
        let short = with(|w| elementary::ln10(n, w));
        assert_eq!(&long[12..], &*short, "{n}");
    }
}

#[test]
fn logarithms_undo_exponentials() {
    for prec in [1, 9, 28, 100, 400, 3000] {
        let s = Settings::wide(prec);
        for t in ["0.5", "2", "1.000001", "123.456", "9.99999", "1e-5", "0.1"] {
            let x = number(t);
            let fine = Settings::wide(prec + 15);
            let (mut st, mut st2) = (0, 0);
            let l = with(|w| elementary::ln(x.view(), &fine, &mut st, w));
            let e = with(|w| elementary::exp(l.view(), &s, &mut st2, w));
            let want = finish(number(t), &s, &mut st2).expect("memory");
            assert!(compare::order(e.view(), want.view()).is_eq(), "{t} {prec}: {}", shown(&e));
        }
    }
}

#[test]
fn powers_agree_with_products() {
    let s = Settings::wide(30);
    let mut st = 0;
    let p = with(|w| power::power(number("1.0000001").view(), number("1000000000").view(), &s, &mut st, w));
    assert_eq!(shown(&p), "2.68810370126492381050560030148E+43");
    let r = with(|w| power::power(number("2").view(), number("0.5").view(), &s, &mut st, w));
    let q = with(|w| arith::sqrt(number("2").view(), &s, &mut st, w));
    assert_eq!(shown(&r), shown(&q));
    let m = with(|w| {
        power::power_mod(number("-7").view(), number("1e3").view(), number("13").view(), &s, &mut st, w)
    });
    assert_eq!(shown(&m), "9");
}

#[test]
fn every_rounding_rounds() {
    use Rounding::{Ceiling, Down, Floor, HalfDown, HalfEven, HalfUp, Up, ZeroFiveUp};
    let table = [
        (
            "12.5",
            [
                (Up, "13"),
                (Down, "12"),
                (Ceiling, "13"),
                (Floor, "12"),
                (HalfUp, "13"),
                (HalfDown, "12"),
                (HalfEven, "12"),
                (ZeroFiveUp, "12"),
            ],
        ),
        (
            "-10.1",
            [
                (Up, "-11"),
                (Down, "-10"),
                (Ceiling, "-10"),
                (Floor, "-11"),
                (HalfUp, "-10"),
                (HalfDown, "-10"),
                (HalfEven, "-10"),
                (ZeroFiveUp, "-11"),
            ],
        ),
    ];
    for (x, all) in table {
        for (rounding, want) in all {
            let s = Settings { rounding, ..Settings::wide(2) };
            let mut st = 0;
            let r = finish(number(x), &s, &mut st).expect("memory");
            assert_eq!(shown(&r), want, "{x} {rounding:?}");
            assert_eq!(st, flags::INEXACT | flags::ROUNDED);
        }
    }
}

#[test]
fn what_is_asked_to_stop_stops() {
    let mut r = Random(23);
    let (a, b) = (r.words(60_000), r.words(60_000));
    let mut poll = || false;
    let stopped = mul::mul(&a, &b, &mut Work::new(&mut poll));
    assert_eq!(stopped.err(), Some(Stop::Interrupted));
    assert_eq!(words::shift_left(&[1], usize::MAX).err(), Some(Stop::Memory));
    assert_eq!(DIGITS, 19);
}
