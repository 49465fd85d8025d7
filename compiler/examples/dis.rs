//! Prints the bytecode of a file (or of standard input with `-`).

use protopy_compiler::{Mode, Options, compile_source, disassemble, verify};
use std::io::Read;

fn main() {
    let path = std::env::args().nth(1).unwrap_or_else(|| "-".to_owned());
    let mut source = String::new();
    if path == "-" {
        std::io::stdin().read_to_string(&mut source).expect("standard input is text");
    } else {
        source = std::fs::read_to_string(&path).expect("the file can be read");
    }
    match compile_source(&source, &Options::new(Mode::Exec, path.as_str())) {
        Ok((code, warnings)) => {
            for w in warnings {
                eprintln!("{path}:{}: {:?}: {}", w.line, w.category, w.message);
            }
            print!("{}", disassemble(&code));
            if let Err(e) = verify::verify(&code) {
                eprintln!("{e}");
                std::process::exit(1);
            }
        }
        Err(e) => {
            eprintln!("{path}: {e}");
            std::process::exit(1);
        }
    }
}
