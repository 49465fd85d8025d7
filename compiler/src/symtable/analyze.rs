//! Second pass of the symbol table: the scope of every name.
//!
//! A block is given the names bound by enclosing functions, those declared global there and the type
//! parameters in force; it answers with the names that it and its inner blocks need from outside.

use super::{BlockKind, CompKind, NameScope, ScopeId, Table, flag::*};
use crate::depth::guarded;
use crate::error::{Fault, Res};
use crate::names::Sym;
use ruff_text_size::TextRange;
use rustc_hash::{FxHashMap, FxHashSet};

type Set = FxHashSet<Sym>;

/// Names that class bodies provide to inner blocks by magic.
struct Magic {
    class: Sym,
    classdict: Sym,
    conditional: Sym,
}

struct Analyzer<'t> {
    table: &'t mut Table,
    magic: Magic,
}

/// Decides the scope of every name of the table.
pub(super) fn run(table: &mut Table) -> Res {
    let magic = Magic {
        class: table.names.intern("__class__"),
        classdict: table.names.intern("__classdict__"),
        conditional: table.names.intern("__conditional_annotations__"),
    };
    let mut analyzer = Analyzer { table, magic };
    analyzer.block(0, None, &Set::default(), &mut Set::default(), None, 0)?;
    Ok(())
}

fn function_like(kind: BlockKind) -> bool {
    !matches!(kind, BlockKind::Module | BlockKind::Class)
}

impl Analyzer<'_> {
    fn error<T>(&self, id: ScopeId, name: Sym, msg: String) -> Res<T> {
        let scope = &self.table.scopes[id];
        let range = scope.directives.iter().find(|d| d.0 == name).map_or(TextRange::default(), |d| d.1);
        Err(Fault::syntax(msg, range))
    }

    /// Analyses a block; the answer is the set of names that it needs from outside.
    fn block(
        &mut self,
        id: ScopeId,
        bound: Option<&Set>,
        global: &Set,
        type_params: &mut Set,
        class_entry: Option<ScopeId>,
        depth: u32,
    ) -> Res<Set> {
        guarded(depth, || self.block_inner(id, bound, global, type_params, class_entry, depth))
    }

    fn block_inner(
        &mut self,
        id: ScopeId,
        outer_bound: Option<&Set>,
        outer_global: &Set,
        type_params: &mut Set,
        class_entry: Option<ScopeId>,
        depth: u32,
    ) -> Res<Set> {
        let kind = self.table.scopes[id].kind;
        let mut local = Set::default();
        let mut scopes: FxHashMap<Sym, NameScope> = FxHashMap::default();
        let mut bound: Option<Set> = outer_bound.cloned();
        let mut global = outer_global.clone();
        // A class's own bindings are invisible to inner blocks: these sets are as they were outside.
        let mut new_bound = Set::default();
        let mut new_global = Set::default();
        if kind == BlockKind::Class {
            new_global.extend(&global);
            new_bound.extend(bound.iter().flatten());
        }
        let mut free = Set::default();
        let entries = self.table.scopes[id].symbols.entries.clone();
        for &(name, flags) in &entries {
            let scope = self.name(
                id,
                name,
                flags,
                &mut bound,
                &mut local,
                &mut free,
                &mut global,
                type_params,
                class_entry,
            )?;
            scopes.insert(name, scope);
        }
        if kind == BlockKind::Class {
            new_bound.extend([self.magic.class, self.magic.classdict, self.magic.conditional]);
        } else {
            if function_like(kind) {
                new_bound.extend(&local);
            }
            new_bound.extend(bound.iter().flatten());
            new_global.extend(&global);
        }
        let (new_free, inlined_cells) =
            self.children(id, &new_bound, &new_global, type_params, class_entry, &mut scopes, depth)?;
        let mut new_free = new_free;
        if function_like(kind) {
            for (name, scope) in &mut scopes {
                if *scope == NameScope::Local && (new_free.contains(name) || inlined_cells.contains(name)) {
                    *scope = NameScope::Cell;
                    new_free.remove(name);
                }
            }
        } else if kind == BlockKind::Class {
            self.drop_class_free(id, &mut new_free);
        }
        self.update_symbols(id, &mut scopes, outer_bound, &new_free, &inlined_cells);
        free.extend(new_free);
        self.table.scopes[id].scopes = scopes;
        Ok(free)
    }

    #[allow(clippy::too_many_arguments)]
    fn children(
        &mut self,
        id: ScopeId,
        new_bound: &Set,
        new_global: &Set,
        type_params: &mut Set,
        class_entry: Option<ScopeId>,
        scopes: &mut FxHashMap<Sym, NameScope>,
        depth: u32,
    ) -> Res<(Set, Set)> {
        let mut new_free = Set::default();
        let mut inlined_cells = Set::default();
        let is_class = self.table.scopes[id].kind == BlockKind::Class;
        let sees_class = self.table.scopes[id].can_see_class_scope;
        let children = std::mem::take(&mut self.table.scopes[id].children);
        let mut kept = Vec::with_capacity(children.len());
        let mut inlined = Vec::new();
        for child in children {
            let entry = &self.table.scopes[child];
            let child_class = match (entry.can_see_class_scope, is_class) {
                (true, true) => Some(id),
                (true, false) => class_entry,
                _ => None,
            };
            let inline = entry.comprehension != CompKind::No
                && entry.comprehension != CompKind::Generator
                && !entry.generator
                && !sees_class;
            let mut child_params = type_params.clone();
            let mut child_free =
                self.block(child, Some(new_bound), new_global, &mut child_params, child_class, depth + 1)?;
            if inline {
                self.inline(id, child, scopes, &mut child_free, &mut inlined_cells);
                self.table.scopes[child].comp_inlined = true;
                inlined.push(child);
                let grandchildren = self.table.scopes[child].children.clone();
                kept.extend(grandchildren);
            } else {
                kept.push(child);
            }
            new_free.extend(child_free);
        }
        self.table.scopes[id].children = kept;
        self.table.scopes[id].inlined = inlined;
        Ok((new_free, inlined_cells))
    }

    #[allow(clippy::too_many_arguments)]
    fn name(
        &mut self,
        id: ScopeId,
        name: Sym,
        flags: u32,
        bound: &mut Option<Set>,
        local: &mut Set,
        free: &mut Set,
        global: &mut Set,
        type_params: &mut Set,
        class_entry: Option<ScopeId>,
    ) -> Res<NameScope> {
        if flags & DEF_GLOBAL != 0 {
            if flags & DEF_NONLOCAL != 0 {
                let msg = format!("name '{}' is nonlocal and global", self.table.names.get(name));
                return self.error(id, name, msg);
            }
            global.insert(name);
            if let Some(bound) = bound {
                bound.remove(&name);
            }
            return Ok(NameScope::GlobalExplicit);
        }
        if flags & DEF_NONLOCAL != 0 {
            let Some(bound) = bound else {
                return self.error(id, name, "nonlocal declaration not allowed at module level".to_owned());
            };
            if !bound.contains(&name) {
                let msg = format!("no binding for nonlocal '{}' found", self.table.names.get(name));
                return self.error(id, name, msg);
            }
            if type_params.contains(&name) {
                let text = self.table.names.get(name);
                let msg = format!("nonlocal binding not allowed for type parameter '{text}'");
                return self.error(id, name, msg);
            }
            free.insert(name);
            return Ok(NameScope::Free);
        }
        if flags & DEF_BOUND != 0 {
            local.insert(name);
            global.remove(&name);
            if flags & DEF_TYPE_PARAM != 0 {
                type_params.insert(name);
            } else {
                type_params.remove(&name);
            }
            return Ok(NameScope::Local);
        }
        // A name that both the class and an outer function bind is looked up in the class namespace and
        // then among the globals, past the function.
        if let Some(class) = class_entry.filter(|_| name != self.magic.classdict) {
            let class_flags = self.table.scopes[class].symbols.get(name).unwrap_or(0);
            if class_flags & DEF_GLOBAL != 0 {
                return Ok(NameScope::GlobalExplicit);
            }
            if class_flags & DEF_BOUND != 0 && class_flags & DEF_NONLOCAL == 0 {
                return Ok(NameScope::GlobalImplicit);
            }
        }
        if bound.as_ref().is_some_and(|b| b.contains(&name)) {
            free.insert(name);
            return Ok(NameScope::Free);
        }
        Ok(NameScope::GlobalImplicit)
    }

    /// Merges the symbols of an inlined comprehension into its parent.
    fn inline(
        &mut self,
        id: ScopeId,
        comp: ScopeId,
        scopes: &mut FxHashMap<Sym, NameScope>,
        comp_free: &mut Set,
        inlined_cells: &mut Set,
    ) {
        let is_class = self.table.scopes[id].kind == BlockKind::Class;
        let magic = [self.magic.class, self.magic.classdict, self.magic.conditional];
        for (name, flags) in self.table.scopes[comp].symbols.entries.clone() {
            if flags & DEF_PARAM != 0 {
                continue;
            }
            let scope =
                self.table.scopes[comp].scopes.get(&name).copied().unwrap_or(NameScope::GlobalImplicit);
            if scope == NameScope::Cell || flags & DEF_COMP_CELL != 0 {
                inlined_cells.insert(name);
            }
            match self.table.scopes[id].symbols.get(name) {
                None => {
                    let mut scope = scope;
                    if scope == NameScope::Free && is_class && magic.contains(&name) {
                        // The comprehension itself means the global; functions within it mean the class's cell.
                        scope = NameScope::GlobalImplicit;
                        if !self.free_in_child(comp, name) {
                            comp_free.remove(&name);
                        }
                    }
                    self.table.scopes[id].symbols.set(name, flags);
                    self.table.scopes[id].merged.insert(name);
                    scopes.insert(name, scope);
                }
                Some(existing) => {
                    if scope == NameScope::Free && flags & USE != 0 && !is_class {
                        self.table.scopes[id].symbols.set(name, existing | USE);
                    }
                    if existing & DEF_BOUND != 0 && !is_class && !self.free_in_child(comp, name) {
                        comp_free.remove(&name);
                    }
                }
            }
        }
    }

    fn free_in_child(&self, id: ScopeId, name: Sym) -> bool {
        self.table.scopes[id]
            .children
            .iter()
            .any(|&c| self.table.scopes[c].scopes.get(&name) == Some(&NameScope::Free))
    }

    fn drop_class_free(&mut self, id: ScopeId, free: &mut Set) {
        let scope = &mut self.table.scopes[id];
        if free.remove(&self.magic.class) {
            scope.needs_class_closure = true;
        }
        if free.remove(&self.magic.classdict) {
            scope.needs_classdict = true;
        }
        if free.remove(&self.magic.conditional) {
            scope.has_conditional_annotations = true;
        }
    }

    /// Records the names that inner blocks need from outside of this one.
    fn update_symbols(
        &mut self,
        id: ScopeId,
        scopes: &mut FxHashMap<Sym, NameScope>,
        bound: Option<&Set>,
        free: &Set,
        inlined_cells: &Set,
    ) {
        let scope = &mut self.table.scopes[id];
        for i in 0..scope.symbols.entries.len() {
            if let Some((name, flags)) = scope.symbols.entries.get_mut(i)
                && inlined_cells.contains(name)
            {
                *flags |= DEF_COMP_CELL;
            }
        }
        let mut names: Vec<Sym> = free.iter().copied().collect();
        names.sort_unstable();
        for name in names {
            match scope.symbols.get(name) {
                Some(flags) => {
                    // What the name means here may differ from what inner blocks mean by it.
                    if scope.kind == BlockKind::Class || scope.can_see_class_scope {
                        scope.symbols.set(name, flags | DEF_FREE_CLASS);
                    }
                }
                None => {
                    if bound.is_some_and(|b| b.contains(&name)) {
                        scope.symbols.set(name, 0);
                        scopes.insert(name, NameScope::Free);
                    }
                }
            }
        }
    }
}
