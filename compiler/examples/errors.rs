//! Compiles the sources on standard input, which NUL bytes separate, and prints what each is refused for (or its
//! warnings, with `-w`; as an interactive console would, with `-i`): for comparison with `tests/oracle_errors.py`.

use protopy_compiler::{ErrorKind, Mode, Options, compile_source, verify};
use std::io::Read;

fn main() {
    let mode = std::env::args().nth(1).unwrap_or_default();
    let warnings = mode == "-w";
    let mut options = Options::new(Mode::Exec, "f");
    if mode == "-i" {
        options.mode = Mode::Single;
        options.dont_imply_dedent = true;
        options.allow_incomplete_input = true;
    }
    let mut all = String::new();
    std::io::stdin().read_to_string(&mut all).expect("standard input is text");
    for (i, source) in all.split('\0').enumerate() {
        let number = |n: Option<i64>| n.map_or_else(|| "None".to_owned(), |n| n.to_string());
        match compile_source(source, &options) {
            Ok((code, list)) => {
                if let Err(e) = verify::verify(&code) {
                    println!("{i} DEFECT {e}");
                }
                if warnings {
                    for w in &list {
                        println!("{i} warning {} {}", w.line, w.message);
                    }
                } else {
                    println!("{i} OK");
                }
            }
            Err(e) if matches!(e.kind, ErrorKind::Syntax | ErrorKind::Indentation | ErrorKind::Tab) => {
                println!(
                    "{i} {:?}Error {} {} {} {} {}",
                    e.kind,
                    e.msg,
                    number(e.lineno.map(i64::from)),
                    number(e.offset.map(i64::from)),
                    number(e.end_lineno.map(i64::from)),
                    number(e.end_offset.map(i64::from))
                )
            }
            Err(e) => println!("{i} {:?}Error {}", e.kind, e.msg),
        }
    }
}
