//! Interned names and name mangling.

use rustc_hash::FxHashMap;
use std::rc::Rc;

/// An interned name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sym(u32);

/// The names of one compilation.
#[derive(Default)]
pub struct Names {
    index: FxHashMap<Rc<str>, Sym>,
    list: Vec<Rc<str>>,
}

impl Names {
    /// The symbol of a name.
    pub fn intern(&mut self, name: &str) -> Sym {
        if let Some(&sym) = self.index.get(name) {
            return sym;
        }
        let sym = Sym(self.list.len() as u32);
        let name: Rc<str> = name.into();
        self.list.push(name.clone());
        self.index.insert(name, sym);
        sym
    }

    /// The symbol of a name that was met before.
    pub fn find(&self, name: &str) -> Option<Sym> {
        self.index.get(name).copied()
    }

    /// The name of a symbol.
    pub fn get(&self, sym: Sym) -> &str {
        self.list.get(sym.0 as usize).map_or("", |s| s)
    }

    /// The name of a symbol, shared.
    pub fn get_rc(&self, sym: Sym) -> Rc<str> {
        self.list.get(sym.0 as usize).cloned().unwrap_or_else(|| "".into())
    }
}

/// `name` as it reads inside of class `class`, if it is to be mangled at all.
pub fn mangle(class: &str, name: &str) -> Option<String> {
    if !name.starts_with("__") || name.ends_with("__") || name.contains('.') {
        return None;
    }
    let class = class.trim_start_matches('_');
    if class.is_empty() { None } else { Some(format!("_{class}{name}")) }
}
