//! The functions of integers and bytes by name. Where there is a form for machine words, it must agree.

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive};
use protopy_num::int::{self, DecimalBuf, Endian, Int, ParseIntError, ToBytesError, TrueDivError};
use protopy_num::mt19937::Mt19937;
use protopy_num::{hash, siphash13};

use crate::numeric::int_token;
use crate::{Arg, i, raised, s, x};

/// Answers `None` for a name that is not one of these.
pub fn run(name: &str, args: &[Arg]) -> Option<String> {
    match name {
        "mt" => return Some(mersenne(args)),
        "hash_bytes0" => return Some(i(siphash13::hash_bytes(0, 0, args[0].s()))),
        _ => {}
    }
    let name = name.strip_prefix("int.")?;
    unary(name, args).or_else(|| binary(name, args)).or_else(|| textual(name, args))
}

/// Asserts that the form on machine words, if it answers, says the same.
fn agreed(big: String, small: Option<String>) -> String {
    if let Some(small) = small {
        assert_eq!(big, small);
    }
    big
}

fn unary(name: &str, args: &[Arg]) -> Option<String> {
    let a = match &args[0] {
        Arg::I(n) => n,
        _ => return None,
    };
    let small = a.to_i64();
    Some(match name {
        "bit_length" => agreed(i(int::bit_length(a)), small.map(|a| i(int::bit_length_i64(a)))),
        "bit_count" => agreed(i(int::bit_count(a)), small.map(|a| i(int::bit_count_i64(a)))),
        "not" => i(int::bit_not(a)),
        "isqrt" => int::isqrt(a).map_or_else(|| raised("ValueError"), i),
        "float" => int::to_f64(a).map_or_else(|| raised("OverflowError"), x),
        "hash" => agreed(i(hash::hash_int(a)), small.map(|a| i(hash::hash_i64(a)))),
        "factorial" => int_token(int::factorial(a.to_u64()?)),
        "str" => {
            let mut buf = DecimalBuf::new();
            agreed(
                s(int::format_decimal(a, 0).ok()?.as_bytes()),
                small.map(|a| s(int::format_i64(a, &mut buf).as_bytes())),
            )
        }
        "hex" | "oct" | "bin" => {
            let base = match name {
                "hex" => 16,
                "oct" => 8,
                _ => 2,
            };
            agreed(
                s(int::format_radix(a, base, true).as_bytes()),
                small.map(|a| s(int::format_radix_i64(a, base, true).as_bytes())),
            )
        }
        "str_limit" => {
            int::format_decimal(a, 640).map_or_else(|_| raised("ValueError"), |text| s(text.as_bytes()))
        }
        _ => return None,
    })
}

/// Division, shared by the three operators.
fn division(name: &str, a: &BigInt, b: &BigInt) -> String {
    let words = || Some((a.to_i64()?, b.to_i64()?));
    let zero = || raised("ZeroDivisionError");
    match name {
        "floordiv" => {
            let small = words().and_then(|(a, b)| int::floor_div_i64(a, b)).map(i);
            agreed(int::floor_div(a, b).map_or_else(zero, i), small)
        }
        "mod" => {
            let small = words().and_then(|(a, b)| int::floor_mod_i64(a, b)).map(i);
            agreed(int::floor_mod(a, b).map_or_else(zero, i), small)
        }
        _ => {
            let pair = |q: String, r: String| format!("{q} {r}");
            let small = words().and_then(|(a, b)| int::floor_divmod_i64(a, b)).map(|(q, r)| pair(i(q), i(r)));
            let big = int::floor_divmod(a, b).map_or_else(zero, |(q, r)| pair(i(q), i(r)));
            agreed(big, small)
        }
    }
}

fn binary(name: &str, args: &[Arg]) -> Option<String> {
    let a = match &args[0] {
        Arg::I(n) => n,
        _ => return None,
    };
    if name == "cmp" {
        let order = |o: Option<std::cmp::Ordering>| i(o.map_or(2, |o| o as i32));
        let small = a.to_i64().map(|a| order(int::cmp_i64_f64(a, args[1].x())));
        return Some(agreed(order(int::cmp_f64(a, args[1].x())), small));
    }
    let b = match args.get(1) {
        Some(Arg::I(n)) => n,
        _ => return None,
    };
    let words = || Some((a.to_i64()?, b.to_i64()?));
    Some(match name {
        "floordiv" | "mod" | "divmod" => division(name, a, b),
        "truediv" => {
            let small = words().and_then(|(a, b)| int::true_div_i64(a, b)).map(x);
            let big = match int::true_div(a, b) {
                Ok(r) => x(r),
                Err(TrueDivError::ZeroDivision) => raised("ZeroDivisionError"),
                Err(TrueDivError::Overflow) => raised("OverflowError"),
            };
            agreed(big, small)
        }
        "and" => i(int::bit_and(a, b)),
        "or" => i(int::bit_or(a, b)),
        "xor" => i(int::bit_xor(a, b)),
        "gcd" => agreed(i(int::gcd(a, b)), words().map(|(a, b)| i(int::gcd_i64(a, b)))),
        "lcm" => i(int::lcm(a, b)),
        "modpow" => {
            let token = |r: Result<String, _>| r.unwrap_or_else(|_| raised("ValueError"));
            let small = words().zip(args[2].small());
            agreed(
                token(int::mod_pow(a, b, args[2].i()).map(i)),
                small.map(|((a, b), m)| token(int::mod_pow_i64(a, b, m).map(i))),
            )
        }
        "pow" => {
            let small = words().and_then(|(a, b)| int::pow_i64(a, b as u64).ok()).map(int_token);
            agreed(i(int::pow(a, b.magnitude()).ok()?), small)
        }
        "shl" => {
            let count = int::shift_count(b)?;
            let small = a.to_i64().and_then(|a| int::shl_i64(a, count).ok()).map(int_token);
            agreed(i(int::shl(a, count).ok()?), small)
        }
        "shr" => {
            let count = int::shift_count(b)?;
            let small = a.to_i64().map(|a| i(int::shr_i64(a, count)));
            agreed(i(int::shr(a, count)), small)
        }
        "round" => i(int::round_to_power_of_ten(a, b.magnitude().to_u64()?)),
        "comb" => i(int::comb(a.magnitude(), b.magnitude()).ok()?),
        "perm" => i(int::perm(a.magnitude(), b.to_u64()?)),
        "to_bytes_be" | "to_bytes_le" => {
            let endian = if name.ends_with("be") { Endian::Big } else { Endian::Little };
            let (length, signed) = (b.to_usize()?, args[2].i().is_positive());
            let token = |r: Result<Vec<u8>, ToBytesError>| {
                r.map_or_else(|_| raised("OverflowError"), |bytes| s(&bytes))
            };
            let small = a.to_i64().map(|a| token(int::to_bytes_i64(a, length, endian, signed)));
            agreed(token(int::to_bytes(a, length, endian, signed)), small)
        }
        _ => return None,
    })
}

fn textual(name: &str, args: &[Arg]) -> Option<String> {
    let text = args[0].s();
    Some(match name {
        "from_bytes_be" | "from_bytes_le" => {
            let endian = if name.ends_with("be") { Endian::Big } else { Endian::Little };
            int_token(int::from_bytes(text, endian, args[1].i().is_positive()))
        }
        "parse" | "parse_limit" => {
            let limit = if name == "parse" { 0 } else { 640 };
            let base = args[1].i().to_u32()?;
            let token = |r: Result<Int, ParseIntError>| r.map_or_else(|_| raised("ValueError"), int_token);
            let wide = int::parse_int(text.iter().map(|&b| u32::from(b)), base, limit, |_| None);
            agreed(token(int::parse_int_ascii(text, base, limit)), Some(token(wide)))
        }
        _ => return None,
    })
}

fn mersenne(args: &[Arg]) -> String {
    let mut mt = Mt19937::from_int(args[0].i());
    let mut out = Vec::new();
    for k in &args[1..] {
        let k = k.i().to_u64().unwrap();
        if k == 0 {
            out.push(x(mt.random()));
        } else if k <= 64 && k % 2 == 1 {
            out.push(i(mt.bits_u64(k as u32)));
        } else {
            out.push(i(mt.bits(k).unwrap()));
        }
    }
    let (state, index) = mt.state();
    assert!(Mt19937::from_state(*state, index).is_some());
    out.join(" ")
}
