//! Codecs against CPython's answers, calls of the error handler included; gen_codecs.py asks it.

mod support;

use protopy_text::codecs::{self as c, *};
use protopy_text::{StrBuf, StrRef, repr};
use support::{bytes, hexes, show, show_bytes, text};

fn table() -> StrBuf {
    let mut s = StrBuf::new();
    (0x41..0x90).for_each(|c| s.push(c));
    [0xFFFE, 0x20AC, 0x1_F600].into_iter().for_each(|c| s.push(c));
    s.push_n(0xFFFE, 256 - s.len());
    s
}

fn decode<E>(name: &str, b: &[u8], last: bool, h: OnDecode<'_, E>) -> Result<(StrBuf, usize), E> {
    let wide = |r: Result<(StrBuf, usize, ByteOrder), E>| r.map(|(s, n, _)| (s, n));
    match name {
        "utf8" => decode_utf8(b, last, h),
        "utf7" => decode_utf7(b, last, h),
        "utf16le" => wide(decode_utf16(b, ByteOrder::Little, last, h)),
        "utf16be" => wide(decode_utf16(b, ByteOrder::Big, last, h)),
        "utf16" => wide(decode_utf16(b, ByteOrder::Native, last, h)),
        "utf32le" => wide(decode_utf32(b, ByteOrder::Little, last, h)),
        "utf32be" => wide(decode_utf32(b, ByteOrder::Big, last, h)),
        "utf32" => wide(decode_utf32(b, ByteOrder::Native, last, h)),
        "ascii" => decode_ascii(b, h),
        "charmap" => decode_charmap_table(b, table().as_ref(), h),
        "unicode_escape" => decode_unicode_escape(b, last, h).map(|(s, n, _)| (s, n)),
        _ => decode_raw_unicode_escape(b, last, h),
    }
}

fn encode<E>(name: &str, s: StrRef<'_>, h: OnEncode<'_, E>) -> Result<Vec<u8>, E> {
    match name {
        "utf8" => encode_utf8(s, h),
        "utf7" => Ok(encode_utf7(s)),
        "utf16le" => encode_utf16(s, ByteOrder::Little, h),
        "utf16be" => encode_utf16(s, ByteOrder::Big, h),
        "utf16" => encode_utf16(s, ByteOrder::Native, h),
        "utf32le" => encode_utf32(s, ByteOrder::Little, h),
        "utf32be" => encode_utf32(s, ByteOrder::Big, h),
        "utf32" => encode_utf32(s, ByteOrder::Native, h),
        "ascii" => encode_ascii(s, h),
        "latin1" => encode_latin1(s, h),
        "charmap" => {
            let map = EncodingMap::from_table(table().as_ref());
            encode_charmap(s, &mut |c| Ok(map.get(c)), h)
        }
        "unicode_escape" => Ok(encode_unicode_escape(s)),
        _ => Ok(encode_raw_unicode_escape(s)),
    }
}

fn note(log: &mut Vec<String>, e: &CodecError) {
    log.push(format!("{},{},{}", e.start, e.end, hexes(StrBuf::from(e.reason).as_ref())));
}

fn shown(log: Vec<String>) -> String {
    if log.is_empty() { "-".into() } else { log.join(";") }
}

fn decode_line(cells: &[&str]) -> String {
    let mut log = Vec::new();
    let skip = cells[2] == "log_skip";
    let b = bytes(cells[4]);
    let got = decode::<()>(cells[1], &b, cells[3] == "1", &mut |e, input| {
        note(&mut log, &e);
        let resume = if skip { (e.start + 1).min(input.len()) } else { e.end };
        Ok(DecodeReplacement { text: StrBuf::from(if skip { "?" } else { "<€>" }), resume, input: None })
    });
    let (s, used) = got.unwrap();
    format!("{} {} {used}", shown(log), hexes(s.as_ref()))
}

fn encode_line(cells: &[&str]) -> String {
    let mut log = Vec::new();
    let got = encode(cells[1], text(cells[3]).as_ref(), &mut |e| {
        if e.fatal {
            return Err((e.start, e.end));
        }
        note(&mut log, &e);
        let output = match cells[2] {
            "log_text" => EncodeOutput::Text(StrBuf::from("<?>")),
            "log_bytes" => EncodeOutput::Bytes(b"\xff\xfe\xfd\xfc".to_vec()),
            "log_odd" => EncodeOutput::Bytes(b"\xff\xfe\xfd".to_vec()),
            _ => EncodeOutput::Text(StrBuf::from("aé")),
        };
        Ok(EncodeReplacement { output, resume: e.end })
    });
    let got = got.map_or_else(|(a, b)| format!("!{a},{b}"), |b| show_bytes(&b));
    format!("{} {got}", shown(log))
}

fn failed(e: CodecError) -> String {
    format!("!{},{},{}", e.start, e.end, hexes(StrBuf::from(e.reason).as_ref()))
}

fn standard_decode(cells: &[&str]) -> String {
    let handler = Standard::from_name(cells[2]).unwrap();
    let codec = SurrogateCodec::from_name(cells[1]);
    let got =
        decode(cells[1], &bytes(cells[3]), true, &mut |e, input| handler.decode(e, input, codec).ok_or(e));
    got.map_or_else(failed, |(s, _)| hexes(s.as_ref()))
}

fn standard_encode(cells: &[&str]) -> String {
    let handler = Standard::from_name(cells[2]).unwrap();
    let codec = SurrogateCodec::from_name(cells[1]);
    let s = text(cells[3]);
    let got = encode(cells[1], s.as_ref(), &mut |e| handler.encode(e, s.as_ref(), codec).ok_or(e));
    got.map_or_else(failed, |b| show_bytes(&b))
}

fn escape_line(cells: &[&str]) -> String {
    let errors = match cells[1] {
        "strict" => EscapeErrors::Strict,
        "replace" => EscapeErrors::Replace,
        _ => EscapeErrors::Ignore,
    };
    match c::decode_escape(&bytes(cells[2]), errors) {
        Ok((b, _)) => show_bytes(&b),
        Err(problem) => {
            let text = match problem {
                EscapeProblem::TrailingBackslash => "Trailing \\ in string".to_string(),
                EscapeProblem::InvalidHex(at) => format!("invalid \\x escape at position {at}"),
            };
            format!("!{}", hexes(StrBuf::from(text.as_str()).as_ref()))
        }
    }
}

#[test]
fn agrees_with_cpython() {
    let mut bad = 0;
    for line in include_str!("data/codecs.txt").lines() {
        let cells: Vec<&str> = line.split(' ').collect();
        let (got, from) = match cells[0] {
            "D" => (decode_line(&cells), 5),
            "E" => (encode_line(&cells), 4),
            "d" => (standard_decode(&cells), 4),
            "e" => (standard_encode(&cells), 4),
            "x" => (escape_line(&cells), 3),
            _ => {
                let b = bytes(cells[1]);
                let repr = StrBuf::from(repr::repr_bytes(&b).as_str());
                (format!("{} {}", show_bytes(&encode_escape(&b)), hexes(repr.as_ref())), 2)
            }
        };
        if got != cells[from..].join(" ") {
            bad += 1;
            if bad <= 30 {
                println!("{line}\n   got {got}");
                for event in got.split([' ', ';']).chain(cells[from..].iter().flat_map(|c| c.split(';'))) {
                    if let Some((_, reason)) = event.rsplit_once(',') {
                        println!("      {event}: {}", show(reason));
                    }
                }
            }
        }
    }
    assert_eq!(bad, 0);
}

#[test]
fn invalid_escapes_are_told() {
    let run = |s: &str| decode_unicode_escape::<()>(s.as_bytes(), true, &mut |_, _| Err(())).unwrap().2;
    assert_eq!(run("ab"), None);
    assert_eq!(run("a\\d\\z"), Some(InvalidEscape { position: 2, octal: None }));
    assert_eq!(run("\\477"), Some(InvalidEscape { position: 1, octal: Some(0o477) }));
}

#[test]
fn a_handler_may_exchange_the_input() {
    let got = decode_ascii::<()>(b"a\xffb", &mut |_, _| {
        Ok(DecodeReplacement { text: StrBuf::from("-"), resume: 1, input: Some(b"12345".to_vec()) })
    });
    assert_eq!(hexes(got.unwrap().0.as_ref()), hexes(StrBuf::from("a-2345").as_ref()));
}
