//! Reading of the vectors that CPython wrote: code points in hexadecimal between dots.
#![allow(dead_code)]

use protopy_text::{StrBuf, StrRef};

pub fn hexes(s: StrRef<'_>) -> String {
    if s.is_empty() {
        return "-".into();
    }
    s.chars().map(|c| format!("{c:x}")).collect::<Vec<_>>().join(".")
}

pub fn text(s: &str) -> StrBuf {
    let mut out = StrBuf::new();
    for c in s.split('.').filter(|c| !c.is_empty() && *c != "-") {
        out.push(u32::from_str_radix(c, 16).unwrap());
    }
    out
}

pub fn bytes(s: &str) -> Vec<u8> {
    if s == "-" {
        return Vec::new();
    }
    (0..s.len()).step_by(2).map(|i| u8::from_str_radix(&s[i..i + 2], 16).unwrap()).collect()
}

pub fn show_bytes(b: &[u8]) -> String {
    if b.is_empty() { "-".into() } else { b.iter().map(|b| format!("{b:02x}")).collect() }
}

pub fn show(s: &str) -> String {
    text(s).as_ref().chars().map(|c| char::from_u32(c).unwrap_or('?')).collect()
}

pub fn float(s: &str) -> f64 {
    f64::from_bits(u64::from_str_radix(s, 16).unwrap())
}
