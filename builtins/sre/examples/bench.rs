//! Times the engine on the patterns that `bench.py` timed CPython's on, and prints both.

use std::time::Instant;

use protopy_sre::{Code, Env, Locale, Matcher, Request};
use protopy_text::StrRef;

fn all_matches(code: &Code, subject: StrRef, m: &mut Matcher) -> usize {
    let mut env = Env { locale: &Locale::C, interrupt: &mut || Ok(()) };
    let mut request = Request::search(subject, 0, subject.len());
    let mut count = 0;
    while m.run(code, &request, &mut env) == Ok(true) {
        count += 1;
        let (start, end) = m.span();
        request = Request { pos: end, must_advance: start == end, ..request };
    }
    count
}

fn unhex(s: &str) -> Vec<u8> {
    (0..s.len() / 2).map(|i| u8::from_str_radix(&s[2 * i..2 * i + 2], 16).unwrap()).collect()
}

fn main() {
    let path = std::env::args().nth(1).expect("the file that bench.py wrote");
    let file = std::fs::read_to_string(path).expect("readable");
    let text = file.lines().find_map(|l| l.strip_prefix("TEXT\t")).map(unhex).expect("a text");
    let wide: Vec<u16> = text.iter().map(|&b| u16::from(b)).chain([0x6f22]).collect();
    let mut product = (0.0, 0);
    for line in file.lines().filter(|l| !l.starts_with("TEXT")) {
        let f: Vec<&str> = line.split('\t').collect();
        let words = f[2].split(' ').map(|w| w.parse().unwrap()).collect();
        let code = Code::new(words, f[1].parse().unwrap()).unwrap();
        let subject = match f[3] {
            "text" => StrRef::Latin1(&text),
            "wide" => StrRef::Ucs2(&wide),
            other => StrRef::Latin1(other.as_bytes()),
        };
        let (repeats, theirs): (usize, f64) = (f[5].parse().unwrap(), f[6].parse().unwrap());
        let mut m = Matcher::new();
        let (mut best, mut count) = (f64::MAX, 0);
        for _ in 0..3 {
            let start = Instant::now();
            for _ in 0..repeats {
                count = all_matches(&code, subject, &mut m);
            }
            best = best.min(start.elapsed().as_secs_f64());
        }
        assert_eq!(count.to_string(), f[4], "{}", f[0]);
        product = (product.0 + (theirs / best).ln(), product.1 + 1);
        println!("{:22} {:9.3} ms  CPython {:9.3} ms  x{:.2}", f[0], best * 1e3, theirs * 1e3, theirs / best);
    }
    println!("geometric mean x{:.2}", (product.0 / f64::from(product.1)).exp());
}
