//! The symbol table: which scope each name of each block belongs to.
//!
//! Built in two passes as in CPython, whose rules are the language's: [`build`] walks the tree, opens a
//! [`Scope`] for every block and notes how each name is used; [`analyze`] then decides from the outside in
//! whether a name is local, a cell, free or global, and merges inlined comprehensions into the block that
//! contains them. `_symtable` shows these tables, so flags carry CPython's values.

mod analyze;
mod build;
mod visit;

use crate::error::{CompileError, Res};
use crate::locations::Locations;
use crate::names::{Names, Sym};
use ruff_python_ast::Mod;
use ruff_text_size::TextRange;
use rustc_hash::{FxHashMap, FxHashSet};
pub(crate) use visit::bare_generator;

/// How a name is used in a block: an or of these.
pub mod flag {
    /// Named in a `global` statement.
    pub const DEF_GLOBAL: u32 = 1;
    /// Assigned.
    pub const DEF_LOCAL: u32 = 2;
    /// Parameter.
    pub const DEF_PARAM: u32 = 4;
    /// Named in a `nonlocal` statement.
    pub const DEF_NONLOCAL: u32 = 8;
    /// Read.
    pub const USE: u32 = 16;
    /// Free in a class body that also binds it.
    pub const DEF_FREE_CLASS: u32 = 64;
    /// Imported.
    pub const DEF_IMPORT: u32 = 128;
    /// Annotated.
    pub const DEF_ANNOT: u32 = 256;
    /// Iteration variable of a comprehension.
    pub const DEF_COMP_ITER: u32 = 512;
    /// Type parameter.
    pub const DEF_TYPE_PARAM: u32 = 1024;
    /// Cell in an inlined comprehension.
    pub const DEF_COMP_CELL: u32 = 2048;
    /// Bound in the block.
    pub const DEF_BOUND: u32 = DEF_LOCAL | DEF_PARAM | DEF_IMPORT | DEF_TYPE_PARAM;
    /// Where the scope stands in the flags that `_symtable` shows.
    pub const SCOPE_OFF: u32 = 12;
}

/// Kinds of blocks, with CPython's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum BlockKind {
    /// Function, lambda or comprehension.
    Function = 0,
    /// Class body.
    Class = 1,
    /// Module.
    Module = 2,
    /// Annotations of a module, class or function.
    Annotation = 3,
    /// Value of a type alias.
    TypeAlias = 4,
    /// Type parameter list.
    TypeParameters = 5,
    /// Bound, constraints or default of a type parameter.
    TypeVariable = 6,
}

/// Where a name lives, with CPython's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum NameScope {
    /// Local of the block.
    Local = 1,
    /// Global by declaration.
    GlobalExplicit = 2,
    /// Global because nothing binds it.
    GlobalImplicit = 3,
    /// Of an enclosing block.
    Free = 4,
    /// Local that an inner block uses.
    Cell = 5,
}

/// Kind of comprehension that a function block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompKind {
    /// None.
    No,
    /// `[...]`
    List,
    /// `{...}`
    Set,
    /// `{k: v ...}`
    Dict,
    /// Generator expression.
    Generator,
}

/// Index of a scope.
pub type ScopeId = usize;

/// Insertion-ordered symbols of a block.
#[derive(Default, Clone)]
pub struct SymMap {
    /// Symbols and their flags.
    pub entries: Vec<(Sym, u32)>,
    index: FxHashMap<Sym, u32>,
}

impl SymMap {
    /// Flags of a symbol.
    pub fn get(&self, sym: Sym) -> Option<u32> {
        self.index.get(&sym).and_then(|&i| self.entries.get(i as usize)).map(|e| e.1)
    }

    fn set(&mut self, sym: Sym, flags: u32) {
        match self.index.get(&sym) {
            Some(&i) => {
                if let Some(e) = self.entries.get_mut(i as usize) {
                    e.1 = flags;
                }
            }
            None => {
                self.index.insert(sym, self.entries.len() as u32);
                self.entries.push((sym, flags));
            }
        }
    }
}

/// One block.
pub struct Scope {
    /// Kind of block.
    pub kind: BlockKind,
    /// Name shown by `_symtable`.
    pub name: String,
    /// First line.
    pub lineno: u32,
    /// Enclosing block.
    pub parent: Option<ScopeId>,
    /// Inner blocks in order, those of inlined comprehensions spliced in.
    pub children: Vec<ScopeId>,
    /// Inlined comprehensions directly within.
    pub inlined: Vec<ScopeId>,
    /// Symbols in order.
    pub symbols: SymMap,
    /// Scope of each symbol.
    pub scopes: FxHashMap<Sym, NameScope>,
    /// Parameters in order.
    pub varnames: Vec<Sym>,
    /// Directives, for the place of errors.
    directives: Vec<(Sym, TextRange)>,
    /// Inside of a function.
    pub nested: bool,
    /// Contains `yield`, or is a generator expression.
    pub generator: bool,
    /// Asynchronous.
    pub coroutine: bool,
    /// Kind of comprehension.
    pub comprehension: CompKind,
    /// `async def`.
    pub is_async_def: bool,
    /// Comprehension merged into its parent.
    pub comp_inlined: bool,
    /// A method uses `__class__`.
    pub needs_class_closure: bool,
    /// An annotation scope uses the class namespace.
    pub needs_classdict: bool,
    /// Annotation scope directly within a class.
    pub can_see_class_scope: bool,
    /// Some annotations run conditionally.
    pub has_conditional_annotations: bool,
    /// Annotations exist (function) or are evaluated (annotation block).
    pub annotations_used: bool,
    /// Block of the annotations of a module or class.
    pub annotation_block: Option<ScopeId>,
    /// Function directly in a class body.
    pub method: bool,
    /// Names that the block's type parameters mangle, if it is a class's type parameter block.
    mangled_names: Option<FxHashSet<Sym>>,
    /// Name of the class whose private names are mangled here.
    pub private: Option<Sym>,
    in_conditional_block: bool,
    in_unevaluated_annotation: bool,
    comp_iter_target: bool,
    comp_iter_expr: u32,
    scope_info: &'static str,
    /// Targets of assignment expressions that bind here.
    pub walrus: FxHashSet<Sym>,
    /// Names that may become unbound: `del`, `except ... as`.
    pub deleted: FxHashSet<Sym>,
    /// Attributes stored through the first parameter of the methods (classes only).
    pub static_attributes: Vec<Sym>,
    static_attribute_set: FxHashSet<Sym>,
    /// First parameter, for the attributes above.
    first_param: Option<Sym>,
    /// Symbols that came from inlined comprehensions.
    merged: FxHashSet<Sym>,
    /// Place of the block.
    pub range: TextRange,
}

impl Scope {
    /// Whether the block itself, not a comprehension merged into it, binds `sym`.
    pub(crate) fn own_symbol(&self, sym: Sym) -> bool {
        !self.merged.contains(&sym) && self.symbols.get(sym).is_some_and(|f| f & flag::DEF_BOUND != 0)
    }
}

/// What a scope belongs to: a node's address and which of its blocks.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key(usize, Part);

/// Which block of a node.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    Body,
    Annotations,
    TypeParams,
    Bound,
    Default,
    Value,
}

impl Key {
    pub(crate) fn of<T>(node: &T, part: Part) -> Key {
        Key(std::ptr::from_ref(node) as usize, part)
    }
}

/// The symbol table of a tree.
pub struct Table {
    /// All scopes; the first is the module's.
    pub scopes: Vec<Scope>,
    /// Names of the compilation.
    pub names: Names,
    pub(crate) by_key: FxHashMap<Key, ScopeId>,
    /// `from __future__ import annotations` is in force.
    pub future_annotations: bool,
}

impl Table {
    pub(crate) fn lookup<T>(&self, node: &T, part: Part) -> Option<ScopeId> {
        self.by_key.get(&Key::of(node, part)).copied()
    }

    /// `sym` as the code of a scope spells it.
    pub(crate) fn mangle_in(&mut self, id: ScopeId, sym: Sym) -> Sym {
        let scope = &self.scopes[id];
        let Some(private) = scope.private else { return sym };
        if scope.mangled_names.as_ref().is_some_and(|m| !m.contains(&sym)) {
            return sym;
        }
        match crate::names::mangle(self.names.get(private), self.names.get(sym)) {
            Some(mangled) => self.names.intern(&mangled),
            None => sym,
        }
    }

    /// A scope.
    pub fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id]
    }

    /// Flags of a symbol as `_symtable` shows them.
    pub fn shown_flags(&self, id: ScopeId, sym: Sym) -> u32 {
        let scope = &self.scopes[id];
        let flags = scope.symbols.get(sym).unwrap_or(0);
        flags | scope.scopes.get(&sym).map_or(0, |&s| (s as u32) << flag::SCOPE_OFF)
    }
}

/// What [`build_table`] needs to know.
#[derive(Clone, Copy, Default)]
pub struct TableOptions {
    /// `from __future__ import annotations`.
    pub future_annotations: bool,
    /// `await` at the top level is fine.
    pub top_level_await: bool,
}

impl TableOptions {
    /// Options for a tree, its future imports taken into account.
    pub fn of(tree: &Mod, future_flags: u32, top_level_await: bool) -> TableOptions {
        let future_annotations = crate::future::scan(tree, future_flags).is_ok_and(|f| f.annotations());
        TableOptions { future_annotations, top_level_await }
    }
}

pub(crate) fn build_in(tree: &Mod, locations: &Locations, options: TableOptions) -> Res<Table> {
    let mut table = build::Builder::run(tree, locations, options)?;
    analyze::run(&mut table)?;
    Ok(table)
}

/// Builds the symbol table of a tree.
pub fn build_table(tree: &Mod, locations: &Locations, options: TableOptions) -> Result<Table, CompileError> {
    build_in(tree, locations, options).map_err(|f| f.locate(locations))
}
