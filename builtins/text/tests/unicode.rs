//! Unicode properties of every code point against CPython's, by checksum; gen_unicode.py asks it.

use std::fmt::Write as _;

use protopy_text::unicode::{self as u, NormalForm, old};
use protopy_text::{StrBuf, StrRef, repr};

fn crc32(mut crc: u32, bytes: &[u8]) -> u32 {
    let table: Vec<u32> = (0..256u32)
        .map(|n| (0..8).fold(n, |c, _| if c & 1 != 0 { 0xEDB8_8320 ^ (c >> 1) } else { c >> 1 }))
        .collect();
    crc = !crc;
    for &b in bytes {
        crc = table[((crc ^ u32::from(b)) & 0xFF) as usize] ^ (crc >> 8);
    }
    !crc
}

fn hexes(s: StrRef<'_>) -> String {
    s.chars().map(|c| format!("{c:x}")).collect::<Vec<_>>().join(".")
}

fn parse_hexes(s: &str) -> StrBuf {
    let mut out = StrBuf::new();
    for c in s.split('.').filter(|c| !c.is_empty()) {
        out.push(u32::from_str_radix(c, 16).unwrap());
    }
    out
}

fn num(v: Option<u8>) -> String {
    v.map_or("-".into(), |v| v.to_string())
}

fn real(v: Option<f64>) -> String {
    v.map_or("-".into(), |v| protopy_text::format::format_float(v, b'e', 9, false))
}

fn of(chars: &[u32]) -> StrBuf {
    let mut s = StrBuf::new();
    chars.iter().for_each(|&c| s.push(c));
    s
}

fn norm(c: u32, form: NormalForm) -> String {
    hexes(u::normalize(of(&[c]).as_ref(), form).as_ref())
}

fn property(name: &str, c: u32) -> String {
    let flag = |b: bool| u8::from(b).to_string();
    let one = of(&[c]);
    let s = one.as_ref();
    let a = u32::from('a');
    let text = |t: StrBuf| hexes(t.as_ref());
    match name {
        "alpha" => flag(u::is_alpha(c)),
        "alnum" => flag(u::is_alnum(c)),
        "decimal" => flag(u::is_decimal(c)),
        "digit" => flag(u::is_digit(c)),
        "numeric" => flag(u::is_numeric(c)),
        "lower" => flag(u::is_lower_str(s)),
        "upper" => flag(u::is_upper_str(s)),
        "title" => flag(u::is_title_str(s)),
        "space" => flag(u::is_space(c)),
        "printable" => flag(u::is_printable(c)),
        "identifier" => flag(u::is_identifier(s)),
        "continue" => flag(u::is_xid_continue(c)),
        "linebreak" => flag(u::is_linebreak(c)),
        "recased" => flag(u::is_re_cased(c)),
        "relower" => u::simple_lower(c).to_string(),
        "to_lower" => text(u::lower(s)),
        "to_upper" => text(u::upper(s)),
        "to_title" => text(u::title(s)),
        "to_fold" => text(u::casefold(s)),
        "swap" => text(u::swapcase(of(&[0x41, c, 0x3A3, c, 0x62]).as_ref())),
        "words" => text(u::title(of(&[c, a, 0x3A3, c, 0x3A3, c, 0x62]).as_ref())),
        "lowers" => text(u::lower(of(&[c, 0x3A3, c, 0x3A3, c, 0x62]).as_ref())),
        "v_decimal" => num(u::to_decimal(c)),
        "v_digit" => num(u::to_digit(c)),
        "v_numeric" => real(u::to_numeric(c)),
        "category" => u::category(c).into(),
        "bidi" => u::bidirectional(c).into(),
        "combining" => u::combining(c).to_string(),
        "mirrored" => flag(u::mirrored(c)),
        "width" => u::east_asian_width(c).into(),
        "decomposition" => u::decomposition(c),
        "name" => u::name(c).unwrap_or("-".into()),
        "nfc" => norm(c, NormalForm::Nfc),
        "nfd" => norm(c, NormalForm::Nfd),
        "nfkc" => norm(c, NormalForm::Nfkc),
        "nfkd" => norm(c, NormalForm::Nfkd),
        "repr" => text(repr::repr_str(of(&[a, c, 0x27]).as_ref())),
        "ascii" => text(repr::ascii_str(of(&[a, c, 0x22]).as_ref())),
        _ => old_property(name, c, s),
    }
}

fn old_property(name: &str, c: u32, s: StrRef<'_>) -> String {
    match name {
        "old_decimal" => num(old::to_decimal(c)),
        "old_digit" => num(old::to_digit(c)),
        "old_numeric" => real(old::to_numeric(c)),
        "old_category" => old::category(c).into(),
        "old_bidi" => old::bidirectional(c).into(),
        "old_combining" => old::combining(c).to_string(),
        "old_mirrored" => u8::from(old::mirrored(c)).to_string(),
        "old_width" => old::east_asian_width(c).into(),
        "old_decomposition" => old::decomposition(c),
        "old_name" => old::name(c).unwrap_or("-".into()),
        "old_nfkc" => hexes(old::normalize(s, NormalForm::Nfkc).as_ref()),
        "old_nfd" => hexes(old::normalize(s, NormalForm::Nfd).as_ref()),
        _ => panic!("unknown property {name}"),
    }
}

#[test]
fn every_property_of_every_code_point() {
    let mut bad = Vec::new();
    for line in include_str!("data/unicode.txt").lines() {
        let (name, want) = line.split_once(' ').unwrap();
        let mut text = String::new();
        for c in (0..0x3_3000).chain(0xE_0000..0xE_1000).chain(0x10_F000..0x11_0000) {
            writeln!(text, "{}", property(name, c)).unwrap();
        }
        if crc32(0, text.as_bytes()).to_string() != want {
            bad.push(name);
            if std::env::var_os("DUMP_BAD").is_some() {
                std::fs::write(format!("/tmp/bad-{name}.txt"), &text).unwrap();
            }
        }
    }
    assert!(bad.is_empty(), "differs from CPython: {bad:?}");
}

#[test]
fn normal_forms_of_mixed_text() {
    for line in include_str!("data/normalize.txt").lines() {
        let cells: Vec<&str> = line.split(' ').collect();
        let s = parse_hexes(cells[0]);
        let forms = [NormalForm::Nfc, NormalForm::Nfd, NormalForm::Nfkc, NormalForm::Nfkd];
        for (form, want) in forms.into_iter().zip(&cells[1..]) {
            assert_eq!(hexes(u::normalize(s.as_ref(), form).as_ref()), *want, "{form:?} {line}");
            let same = *want == cells[0];
            assert_eq!(u::is_normalized(s.as_ref(), form), same, "{form:?} {line}");
        }
        assert_eq!(hexes(old::normalize(s.as_ref(), NormalForm::Nfkc).as_ref()), cells[5], "3.2 {line}");
    }
}

#[test]
fn names_are_found_again() {
    for c in 0..0x11_0000 {
        if let Some(name) = u::name(c) {
            assert_eq!(u::lookup(&name), Some(u::Named::Char(c)), "{name}");
        }
    }
    let chars = [
        ("line feed", Some(10)),
        ("Latin Capital Letter Gha", Some(0x1A2)),
        ("TANGUT IDEOGRAPH-17000", Some(0x17000)),
        ("hangul syllable ga", Some(0xAC00)),
        ("HANGUL SYLLABLE ", None),
        ("CJK UNIFIED IDEOGRAPH-04E00", None),
        ("CJK UNIFIED IDEOGRAPH-12345", None),
        ("NO SUCH", None),
        ("", None),
    ];
    for (name, want) in chars {
        assert_eq!(u::lookup(name), want.map(u::Named::Char), "{name}");
    }
    assert_eq!(u::lookup("KEYCAP DIGIT ONE"), Some(u::Named::Sequence(&[0x31, 0xFE0F, 0x20E3])));
    assert_eq!(u::name(0x17000), None);
}
