//! What CPython's compiler proper reports.
use crate::Options;
use crate::error::{Res, Warning};
use crate::future::Future;
use crate::locations::Locations;
use crate::symtable::Table;
use ruff_python_ast::Mod;

pub(crate) fn before_symtable(_tree: &Mod, _locations: &Locations, _warnings: &mut Vec<Warning>) -> Res {
    Ok(())
}

pub(crate) fn run(
    _tree: &Mod,
    _locations: &Locations,
    _options: &Options,
    _table: &Table,
    _future: &Future,
    _warnings: &mut Vec<Warning>,
) -> Res {
    Ok(())
}
