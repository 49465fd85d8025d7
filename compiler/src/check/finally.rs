//! Warnings about leaving a `finally` block (PEP 765).

use crate::depth::guarded;
use crate::error::{Res, Warning, WarningKind};
use crate::locations::Locations;
use ruff_python_ast::{ExceptHandler, Mod, Stmt};
use ruff_text_size::{Ranged, TextRange};

#[derive(Clone, Copy, Default)]
struct Place {
    in_finally: bool,
    in_loop: bool,
}

struct Walker<'a> {
    locations: &'a Locations,
    warnings: &'a mut Vec<Warning>,
    place: Place,
    depth: u32,
}

/// Warnings that come before anything that the symbol table reports.
pub(crate) fn before_symtable(tree: &Mod, locations: &Locations, warnings: &mut Vec<Warning>) -> Res {
    if let Mod::Module(m) = tree {
        Walker { locations, warnings, place: Place::default(), depth: 0 }.body(&m.body);
    }
    Ok(())
}

impl Walker<'_> {
    fn warn(&mut self, word: &str, range: TextRange) {
        let p = self.locations.position(range);
        self.warnings.push(Warning {
            category: WarningKind::Syntax,
            message: format!("'{word}' in a 'finally' block"),
            line: p.line,
            end_line: p.end_line,
            col: p.col,
            end_col: p.end_col,
        });
    }

    fn body(&mut self, body: &[Stmt]) {
        self.depth += 1;
        if self.depth <= crate::depth::MAX_DEPTH {
            guarded(self.depth, || body.iter().for_each(|s| self.stmt(s)));
        }
        self.depth -= 1;
    }

    fn at(&mut self, place: Place, body: &[Stmt]) {
        let old = std::mem::replace(&mut self.place, place);
        self.body(body);
        self.place = old;
    }

    fn stmt(&mut self, s: &Stmt) {
        let place = self.place;
        match s {
            Stmt::FunctionDef(s) => self.at(Place::default(), &s.body),
            Stmt::ClassDef(s) => self.body(&s.body),
            Stmt::For(s) => {
                self.at(Place { in_loop: true, ..place }, &s.body);
                self.body(&s.orelse);
            }
            Stmt::While(s) => {
                self.at(Place { in_loop: true, ..place }, &s.body);
                self.body(&s.orelse);
            }
            Stmt::If(s) => {
                self.body(&s.body);
                s.elif_else_clauses.iter().for_each(|c| self.body(&c.body));
            }
            Stmt::With(s) => self.body(&s.body),
            Stmt::Match(s) => s.cases.iter().for_each(|c| self.body(&c.body)),
            Stmt::Try(s) => {
                self.body(&s.body);
                for ExceptHandler::ExceptHandler(h) in &s.handlers {
                    self.body(&h.body);
                }
                self.body(&s.orelse);
                self.at(Place { in_finally: true, in_loop: false }, &s.finalbody);
            }
            Stmt::Return(s) if place.in_finally => self.warn("return", s.range()),
            Stmt::Break(s) if place.in_finally && !place.in_loop => self.warn("break", s.range()),
            Stmt::Continue(s) if place.in_finally && !place.in_loop => self.warn("continue", s.range()),
            _ => {}
        }
    }
}
