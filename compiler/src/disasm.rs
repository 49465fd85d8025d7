//! Readable listings of code objects.

use protopy_bytecode::{CodeData, Const, Instr, Op, Operand};
use std::collections::BTreeSet;
use std::fmt::Write;

/// A listing of a code object and those within it.
pub fn disassemble(code: &CodeData) -> String {
    let mut out = String::new();
    listing(code, &mut out);
    out
}

fn listing(code: &CodeData, out: &mut String) {
    let _ = writeln!(
        out,
        "code {} line {} flags {:#x} args {}/{}/{} regs {}",
        code.qualname,
        code.first_line,
        code.flags,
        code.argcount,
        code.posonlyargcount,
        code.kwonlyargcount,
        code.nregs
    );
    for (label, names) in [("vars", &code.varnames), ("cells", &code.cellvars), ("free", &code.freevars)] {
        if !names.is_empty() {
            let _ = writeln!(out, "  {label} {}", names.join(" "));
        }
    }
    let targets = targets(code);
    let mut last_line = u32::MAX;
    let mut at = 0;
    while at < code.code.len() {
        let word = Instr(code.code[at]);
        let op = Op::from_u16(word.op_number()).unwrap_or(Op::Nop);
        let line = code.positions.get(at).map_or(0, |p| p.line);
        if line == last_line {
            out.push_str("      ");
        } else {
            let _ = write!(out, "{line:>5} ");
            last_line = line;
        }
        let mark = if targets.contains(&at) { ">" } else { " " };
        let _ = write!(out, "{mark}{at:>4}  {:<18}", op.info().mnemonic);
        let next = at + 1 + op.info().caches;
        operands(code, word, op, next, out);
        while out.ends_with(' ') {
            out.pop();
        }
        out.push('\n');
        at = next;
    }
    for e in &code.exceptions {
        let _ = writeln!(out, "  try {}..{} -> {} r{}", e.start, e.end, e.handler, e.reg);
    }
    for c in &code.consts {
        if let Const::Code(inner) = c {
            out.push('\n');
            listing(inner, out);
        }
    }
}

fn targets(code: &CodeData) -> BTreeSet<usize> {
    let mut set = BTreeSet::new();
    let mut at = 0;
    while at < code.code.len() {
        let word = Instr(code.code[at]);
        let op = Op::from_u16(word.op_number()).unwrap_or(Op::Nop);
        let next = at + 1 + op.info().caches;
        if let Some(offset) = jump_offset(word, op) {
            set.insert((next as i64 + offset).max(0) as usize);
        }
        at = next;
    }
    set.extend(code.exceptions.iter().map(|e| e.handler as usize));
    set
}

/// The jump offset of an instruction, if it is a jump.
pub(crate) fn jump_offset(word: Instr, op: Op) -> Option<i64> {
    for operand in op.info().operands {
        match operand {
            Operand::j => return Some(i64::from(word.c() as i16)),
            Operand::jx => return Some(i64::from(word.bx() as i32)),
            _ => {}
        }
    }
    None
}

fn operands(code: &CodeData, word: Instr, op: Op, next: usize, out: &mut String) {
    let info = op.info();
    let fields = [word.a(), word.b(), word.c()];
    for (kind, value) in info.operands.into_iter().zip(fields) {
        match kind {
            Operand::None => {}
            Operand::w | Operand::r | Operand::rw | Operand::base => {
                let _ = write!(out, " {}", register(code, value));
            }
            Operand::k => {
                let _ = write!(out, " {}", constant(code, u32::from(value)));
            }
            Operand::n => {
                let _ = write!(out, " .{}", name(code, u32::from(value)));
            }
            Operand::i => {
                let _ = write!(out, " #{}", value as i16);
            }
            Operand::u => {
                let _ = write!(out, " {value}");
            }
            Operand::kx => {
                let _ = write!(out, " {}", constant(code, word.bx()));
            }
            Operand::nx => {
                let _ = write!(out, " .{}", name(code, word.bx()));
            }
            Operand::ix => {
                let _ = write!(out, " #{}", word.bx() as i32);
            }
            Operand::j | Operand::jx => {
                let offset = jump_offset(word, op).unwrap_or(0);
                let _ = write!(out, " ->{}", next as i64 + offset);
            }
        }
    }
}

fn register(code: &CodeData, r: u16) -> String {
    match code.varnames.get(usize::from(r)) {
        Some(name) => name.to_string(),
        None => format!("r{r}"),
    }
}

fn name(code: &CodeData, i: u32) -> &str {
    code.names.get(i as usize).map_or("?", |s| s)
}

fn constant(code: &CodeData, i: u32) -> String {
    code.consts.get(i as usize).map_or_else(|| "?".to_owned(), show)
}

/// A constant as a listing shows it.
fn show(c: &Const) -> String {
    let items = |list: &[Const]| list.iter().map(show).collect::<Vec<_>>().join(", ");
    match c {
        Const::None => "None".to_owned(),
        Const::True => "True".to_owned(),
        Const::False => "False".to_owned(),
        Const::Ellipsis => "...".to_owned(),
        Const::Int(n) => n.to_string(),
        Const::BigInt { negative, magnitude } => {
            let sign = if *negative { "-" } else { "" };
            let hex: String = magnitude.iter().rev().map(|b| format!("{b:02x}")).collect();
            format!("{sign}0x{hex}")
        }
        Const::Float(f) => format!("{f:?}"),
        Const::Complex(re, im) => format!("({re:?}{im:+?}j)"),
        Const::Str(s) => format!("{s:?}"),
        Const::WideStr(s) => format!("wide{s:x?}"),
        Const::Bytes(b) => format!("b\"{}\"", b.escape_ascii()),
        Const::Tuple(t) => format!("({})", items(t)),
        Const::FrozenSet(t) => format!("{{{}}}", items(t)),
        Const::Slice(t) => format!("slice({})", items(&t[..])),
        Const::Code(c) => format!("<code {}>", c.name),
    }
}
