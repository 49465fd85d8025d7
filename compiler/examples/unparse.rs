//! Prints the normal form of the expressions on standard input, which NUL bytes separate.

use protopy_compiler::{Mode, Options, parse, unparse};
use ruff_python_ast::Mod;
use std::io::Read;

fn main() {
    let mut all = String::new();
    std::io::stdin().read_to_string(&mut all).expect("standard input is text");
    for source in all.split('\0') {
        match parse(source, &Options::new(Mode::Eval, "f")) {
            Ok(p) => match p.tree() {
                Mod::Expression(e) => println!("{}", unparse::expression(&e.body, p.locations())),
                Mod::Module(_) => println!("?"),
            },
            Err(e) => println!("error {}", e.msg),
        }
    }
}
