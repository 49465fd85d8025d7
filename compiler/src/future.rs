//! `from __future__ import ...`.

use crate::error::{Fault, Res};
use protopy_bytecode::CodeFlags;
use ruff_python_ast::{Mod, Stmt};

/// `from __future__ import barry_as_FLUFL`.
pub(crate) const BARRY_AS_BDFL: u32 = 0x40_0000;

const MANDATORY: [&str; 8] = [
    "nested_scopes",
    "generators",
    "division",
    "absolute_import",
    "with_statement",
    "print_function",
    "unicode_literals",
    "generator_stop",
];

/// The future features in force.
pub(crate) struct Future {
    pub flags: u32,
    /// How many statements of the module may import from `__future__`.
    pub statements: usize,
}

impl Future {
    pub fn annotations(&self) -> bool {
        self.flags & CodeFlags::FUTURE_ANNOTATIONS != 0
    }
}

/// Finds the future imports at the beginning of a module.
pub(crate) fn scan(tree: &Mod, inherited: u32) -> Res<Future> {
    let keep = CodeFlags::FUTURE_ANNOTATIONS | BARRY_AS_BDFL;
    let mut future = Future { flags: inherited & keep, statements: 0 };
    let Mod::Module(module) = tree else { return Ok(future) };
    for (i, stmt) in module.body.iter().enumerate() {
        match stmt {
            Stmt::Expr(e) if i == 0 && e.value.is_string_literal_expr() => {}
            Stmt::ImportFrom(s)
                if s.level == 0 && s.module.as_ref().is_some_and(|m| m.id.as_str() == "__future__") =>
            {
                for alias in &s.names {
                    match alias.name.id.as_str() {
                        "annotations" => future.flags |= CodeFlags::FUTURE_ANNOTATIONS,
                        "barry_as_FLUFL" => future.flags |= BARRY_AS_BDFL,
                        "braces" => return Err(Fault::syntax("not a chance", alias.range)),
                        name if MANDATORY.contains(&name) => {}
                        name => {
                            let msg = format!("future feature {name} is not defined");
                            return Err(Fault::syntax(msg, alias.range));
                        }
                    }
                }
                future.statements = i + 1;
            }
            _ => break,
        }
    }
    Ok(future)
}
