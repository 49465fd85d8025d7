//! Prints facts about symbol tables (`-s`) or code objects (`-c`) of the files named on standard input, in the
//! form that `tests/oracle_facts.py` prints what CPython knows about them.

use protopy_bytecode::{CodeData, Const};
use protopy_compiler::symtable::{Table, TableOptions, build_table};
use protopy_compiler::{Mode, Options, compile_source, parse};
use std::io::BufRead;

fn main() {
    let mode = std::env::args().nth(1).unwrap_or_default();
    let symbols = mode == "-s";
    for path in std::io::stdin().lock().lines().map_while(Result::ok) {
        let Ok(source) = std::fs::read_to_string(&path) else { continue };
        println!("== {path}");
        let options = Options::new(Mode::Exec, path.as_str());
        if symbols {
            match parse(&source, &options) {
                Ok(p) => match build_table(p.tree(), p.locations(), TableOptions::of(p.tree(), 0, false)) {
                    Ok(t) => scope(&t, 0, 0),
                    Err(e) => println!("error {}", e.msg),
                },
                Err(e) => println!("error {}", e.msg),
            }
        } else {
            match compile_source(&source, &options) {
                Ok((code, _)) if mode == "-l" => lines(&code),
                Ok((code, _)) => code_facts(&code),
                Err(e) => println!("error {}", e.msg),
            }
        }
    }
}

fn scope(t: &Table, id: usize, depth: usize) {
    let s = t.scope(id);
    let mut names: Vec<(String, u32)> =
        s.symbols.entries.iter().map(|e| (t.names.get(e.0).to_owned(), t.shown_flags(id, e.0))).collect();
    names.sort();
    let names: Vec<String> = names.iter().map(|(n, f)| format!("{n}={f:#x}")).collect();
    let indent = " ".repeat(depth);
    println!(
        "{indent}{} {} line {} nested {} {}",
        s.kind as u8,
        s.name,
        s.lineno,
        u8::from(s.nested),
        names.join(" ")
    );
    for &c in &s.children {
        scope(t, c, depth + 1);
    }
}

/// The lines and ranges that a code object's instructions have.
fn lines(code: &CodeData) {
    let mut seen: Vec<u32> = code.positions.iter().map(|p| p.line).filter(|l| *l > 0).collect();
    seen.sort_unstable();
    seen.dedup();
    let seen: Vec<String> = seen.iter().map(u32::to_string).collect();
    println!("{} line {}: {}", code.qualname, code.first_line, seen.join(" "));
    inner(code).iter().for_each(|c| lines(c));
}

fn inner(code: &CodeData) -> Vec<&CodeData> {
    let mut inner: Vec<&CodeData> = code
        .consts
        .iter()
        .filter_map(|c| match c {
            Const::Code(c) => Some(&**c),
            _ => None,
        })
        .collect();
    inner.sort_by(|a, b| (a.first_line, &*a.qualname).cmp(&(b.first_line, &*b.qualname)));
    inner
}

fn code_facts(code: &CodeData) {
    let sorted = |v: &[Box<str>]| {
        let mut v: Vec<&str> = v.iter().map(|s| &**s).collect();
        v.sort_unstable();
        v.join(",")
    };
    let params = (code.argcount + code.kwonlyargcount) as usize;
    let extra = usize::from(code.flags & 4 != 0) + usize::from(code.flags & 8 != 0);
    let vars: Vec<Box<str>> = code
        .varnames
        .iter()
        .enumerate()
        .filter(|(i, n)| *i < params + extra || !code.cellvars.contains(n))
        .map(|(_, n)| n.clone())
        .collect();
    let doc = match code.consts.first() {
        Some(Const::Str(s)) if code.flags & 0x400_0000 != 0 => format!("{:x}", s.len()),
        _ => "-".to_owned(),
    };
    println!(
        "{} {} line {} flags {:#x} args {}/{}/{} vars {} cells {} free {} doc {doc}",
        code.name,
        code.qualname,
        code.first_line,
        code.flags,
        code.argcount,
        code.posonlyargcount,
        code.kwonlyargcount,
        sorted(&vars),
        sorted(&code.cellvars),
        sorted(&code.freevars)
    );
    inner(code).iter().for_each(|c| code_facts(c));
}
