//! Formatting against CPython's answers; gen_format.py asks it.

mod support;

use protopy_text::format::{self as f, Align, C_LOCALE, FormatError, FormatSpec, IntKind, Piece};
use protopy_text::{StrBuf, strparse};
use support::{float, hexes, show, text};

fn in_base(digits: &str, base: u32) -> String {
    let mut v: u128 = digits.parse().unwrap();
    let mut out = Vec::new();
    loop {
        out.push(char::from_digit((v % u128::from(base)) as u32, base).unwrap());
        v /= u128::from(base);
        if v == 0 {
            return out.into_iter().rev().collect();
        }
    }
}

fn format(kind: &str, value: &str, spec: &StrBuf) -> Result<StrBuf, FormatError> {
    let spec = spec.as_ref();
    let pair = || value.split_once('/').map(|(a, b)| (float(a), float(b))).unwrap();
    match kind {
        "s" => f::format_str(&FormatSpec::parse(spec, Align::Left, b's', "str")?, text(value).as_ref()),
        "f" => {
            f::format_float_spec(&FormatSpec::parse(spec, Align::Right, 0, "float")?, float(value), &C_LOCALE)
        }
        "c" => {
            let (re, im) = pair();
            f::format_complex_spec(&FormatSpec::parse(spec, Align::Right, 0, "complex")?, re, im, &C_LOCALE)
        }
        "r" => Ok(StrBuf::from(f::float_repr(float(value)).as_str())),
        "R" => Ok(StrBuf::from(f::complex_repr(pair().0, pair().1).as_str())),
        _ => {
            let spec = FormatSpec::parse(spec, Align::Right, b'd', "int")?;
            let digits = value.trim_start_matches('-');
            let negative = value.starts_with('-');
            match f::int_kind(&spec)? {
                IntKind::Digits(base) => f::format_int(&spec, negative, &in_base(digits, base), &C_LOCALE),
                IntKind::Char => f::format_char(&spec, value.parse().unwrap()),
                IntKind::Float => f::format_float_spec(&spec, value.parse().unwrap(), &C_LOCALE),
            }
        }
    }
}

fn outcome(r: Result<StrBuf, FormatError>) -> (&'static str, String) {
    match r {
        Ok(s) => ("=", hexes(s.as_ref())),
        Err(FormatError::Memory) => ("!", "memory".into()),
        Err(FormatError::Value(s)) => ("!", hexes(s.as_ref())),
    }
}

#[test]
fn specifications() {
    let mut bad = 0;
    for line in include_str!("data/format.txt").lines() {
        let cells: Vec<&str> = line.split(' ').collect();
        let (mark, got) = outcome(format(cells[0], cells[1], &text(cells[2])));
        if (mark, got.as_str()) != (cells[3], cells[4]) {
            bad += 1;
            if bad <= 40 {
                println!(
                    "{} {} {:?}: {:?} not {:?}",
                    cells[0],
                    cells[1],
                    show(cells[2]),
                    show(&got),
                    show(cells[4])
                );
            }
        }
    }
    assert_eq!(bad, 0);
}

fn percent(kind: &str, value: &str, template: &StrBuf) -> Result<StrBuf, String> {
    let mut out = StrBuf::new();
    for piece in f::PercentParser::new(template.as_ref()) {
        let d = match piece.map_err(|e| e.0.to_string())? {
            Piece::Literal(a, b) => {
                out.push_ref(template.as_ref().slice(a, b));
                continue;
            }
            Piece::Percent => {
                out.push_str("%");
                continue;
            }
            Piece::Directive(d) => d,
        };
        if d.conversion == u32::from('%') {
            return Err("not enough arguments for format string".into());
        }
        let base = match char::from_u32(d.conversion) {
            Some('o') => 8,
            Some('x' | 'X') => 16,
            _ => 10,
        };
        let part = match kind {
            "i" => f::percent_int(&d, value.starts_with('-'), &in_base(value.trim_start_matches('-'), base)),
            "f" => f::percent_float(&d, float(value)),
            _ if d.conversion == u32::from('r') => {
                f::percent_str(&d, protopy_text::repr::repr_str(text(value).as_ref()).as_ref())
            }
            _ => f::percent_str(&d, text(value).as_ref()),
        };
        out.push_ref(part.map_err(|e| format!("{e:?}"))?.as_ref());
    }
    Ok(out)
}

#[test]
fn percent_directives() {
    let mut bad = 0;
    for line in include_str!("data/percent.txt").lines() {
        let cells: Vec<&str> = line.split(' ').collect();
        let (mark, got) = match percent(cells[0], cells[1], &text(cells[2])) {
            Ok(s) => ("=", hexes(s.as_ref())),
            Err(e) => ("!", hexes(StrBuf::from(e.as_str()).as_ref())),
        };
        if (mark, got.as_str()) != (cells[3], cells[4]) {
            bad += 1;
            if bad <= 40 {
                println!(
                    "{} {} {:?}: {:?} not {:?}",
                    cells[0],
                    cells[1],
                    show(cells[2]),
                    show(&got),
                    show(cells[4])
                );
            }
        }
    }
    assert_eq!(bad, 0);
}

#[test]
fn text_to_float() {
    for line in include_str!("data/floats.txt").lines() {
        let (s, want) = line.split_once(' ').unwrap();
        let got = strparse::parse_float(text(s).as_ref());
        let got = got.map_or("-".into(), |v| format!("{:016x}", v.to_bits()));
        assert_eq!(got, want, "{:?}", show(s));
    }
}
