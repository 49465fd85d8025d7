//! Runs `vectors.txt`: lines `NAME ARGUMENTS = RESULTS` that CPython 3.14 computed.
//!
//! Tokens are `i` and a decimal integer, `x` and a double's bits (or `nan`), `s` and hexadecimal bytes; a
//! result may be `!` and an exception. Set `PROTOPY_NUM_VECTORS` to run another file of that form.

mod numeric;
mod whole;

/// One argument.
#[derive(Clone, Debug)]
pub enum Arg {
    I(num_bigint::BigInt),
    X(f64),
    S(Vec<u8>),
}

impl Arg {
    fn parse(token: &str) -> Arg {
        let (kind, rest) = token.split_at(1);
        match kind {
            "i" => Arg::I(rest.parse().unwrap()),
            "x" if rest == "nan" => Arg::X(f64::NAN),
            "x" => Arg::X(f64::from_bits(u64::from_str_radix(rest, 16).unwrap())),
            "s" => Arg::S(
                rest.as_bytes()
                    .chunks(2)
                    .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
                    .collect(),
            ),
            _ => panic!("token {token}"),
        }
    }

    /// The double.
    pub fn x(&self) -> f64 {
        match self {
            Arg::X(x) => *x,
            other => panic!("{other:?} is no float"),
        }
    }

    /// The integer.
    pub fn i(&self) -> &num_bigint::BigInt {
        match self {
            Arg::I(n) => n,
            other => panic!("{other:?} is no integer"),
        }
    }

    /// The integer as a machine word.
    pub fn small(&self) -> Option<i64> {
        i64::try_from(self.i()).ok()
    }

    /// The bytes.
    pub fn s(&self) -> &[u8] {
        match self {
            Arg::S(s) => s,
            other => panic!("{other:?} is no string"),
        }
    }
}

/// The token of a double.
pub fn x(x: f64) -> String {
    if x.is_nan() { "xnan".into() } else { format!("x{:016x}", x.to_bits()) }
}

/// The token of an integer.
pub fn i(n: impl ToString) -> String {
    format!("i{}", n.to_string())
}

/// The token of a string.
pub fn s(text: &[u8]) -> String {
    let hex: String = text.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("s{hex}")
}

/// A result that failed.
pub fn raised(exception: &str) -> String {
    format!("!{exception}")
}

/// Functions of `math` that are exact, or computed here to the bit.
const EXACT: [&str; 15] = [
    "copysign",
    "dist",
    "fma",
    "fmod",
    "frexp",
    "fsum",
    "hypot",
    "isclose",
    "ldexp",
    "modf",
    "nextafter",
    "nextafter_steps",
    "remainder",
    "sqrt",
    "sumprod",
];

/// Results that rest on the platform's C library may differ in the last places from machine to machine.
fn close(name: &str, got: &str, expected: &str) -> bool {
    let ulps = match name.split_once('.') {
        Some(("math", function)) if !EXACT.contains(&function) => 4,
        Some(("cmath", _)) | Some(("complex", "pow")) => 16,
        _ => return false,
    };
    let (got, expected) = (got.split(' '), expected.split(' '));
    got.clone().count() == expected.clone().count()
        && got.zip(expected).all(|(got, expected)| {
            let hex = |token: &str| token.strip_prefix('x').and_then(|h| u64::from_str_radix(h, 16).ok());
            match (hex(got), hex(expected)) {
                (Some(a), Some(b)) => a >> 63 == b >> 63 && a.abs_diff(b) <= ulps,
                _ => got == expected,
            }
        })
}

#[test]
fn vectors() {
    let text = match std::env::var("PROTOPY_NUM_VECTORS") {
        Ok(path) => std::fs::read_to_string(path).unwrap(),
        Err(_) => include_str!("vectors.txt").to_owned(),
    };
    let mut failures = Vec::new();
    let mut count = 0;
    for line in text.lines() {
        let (call, expected) = line.split_once(" = ").unwrap();
        let mut tokens = call.split_whitespace();
        let name = tokens.next().unwrap();
        let args: Vec<Arg> = tokens.map(Arg::parse).collect();
        let got = numeric::run(name, &args)
            .or_else(|| whole::run(name, &args))
            .unwrap_or_else(|| panic!("no function {name}"));
        count += 1;
        if got != expected && !close(name, &got, expected) {
            failures.push(format!("{line}\n    got {got}    args {args:?}"));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {count} fail:\n{}",
        failures.len(),
        failures.iter().take(20000).cloned().collect::<Vec<_>>().join("\n")
    );
}
