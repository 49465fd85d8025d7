//! `_symtable`: the compiler's symbol tables as Python programs see them.

use protocore::dict::DictObj;
use protocore::layouts::StrObj;
use protocore::space::SpaceState;
use protocore::types::{SlotSpec, type_flags};
use protocore::{Ctx, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value};
use protopy_compiler::symtable::{
    BlockKind, NameScope, Scope, ScopeId, Table, TableOptions, build_table, flag,
};
use protopy_compiler::{Mode, parse};
use protopy_vm::modules::module_set;
use protopy_vm::{self as vm};
use protopy_vm::{ModuleSpec, TypeSpec, ValueVec, compile, create_type, getsets, methods};

/// The type of entries, which no module shows.
#[derive(Default)]
struct State {
    entry: Slot,
}

impl SpaceState for State {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.entry);
    }
}

/// One block.
struct Entry {
    name: Slot,
    symbols: Slot,
    varnames: Slot,
    children: Slot,
    kind: BlockKind,
    nested: bool,
    lineno: u32,
}

impl Payload for Entry {
    const NAME: &'static str = "symtable entry";

    fn trace(&self, t: &mut Tracer) {
        for s in [&self.name, &self.symbols, &self.varnames, &self.children] {
            t.slot(s);
        }
    }
}

fn slot(v: Value, pick: fn(&Entry) -> &Slot) -> Value {
    v.native::<Entry>().map_or(Value::NONE, |e| pick(e).get_or_none())
}

fn number(v: Value, pick: fn(&Entry) -> i64) -> Value {
    Value::small(v.native::<Entry>().map_or(0, pick))
}

/// A number that no other entry has while this one lives.
fn entry_id(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(cx.int_u64(v.bits()))
}

fn entry_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let name = slot(v, |e| &e.name);
    let name = vm::str_text(cx, name)?;
    let line = v.native::<Entry>().map_or(0, |e| e.lineno);
    Ok(cx.str(&format!("<symtable entry {name}({}), line {line}>", v.bits())))
}

static ENTRY: TypeSpec = TypeSpec {
    name: "symtable entry",
    layout: Layout::Native,
    vt: Some(<Entry as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec { repr: Some(entry_repr), ..SlotSpec::NONE },
    getsets: getsets![
        /// Number of the block.
        member "id" => entry_id;
        /// Name of the block.
        member "name" => |_, v| Ok(slot(v, |e| &e.name));
        /// Flags of each name.
        member "symbols" => |_, v| Ok(slot(v, |e| &e.symbols));
        /// Parameters.
        member "varnames" => |_, v| Ok(slot(v, |e| &e.varnames));
        /// Inner blocks.
        member "children" => |_, v| Ok(slot(v, |e| &e.children));
        /// Whether the block is within a function.
        member "nested" => |_, v| Ok(number(v, |e| i64::from(e.nested)));
        /// Kind of block.
        member "type" => |_, v| Ok(number(v, |e| e.kind as i64));
        /// First line.
        member "lineno" => |_, v| Ok(number(v, |e| i64::from(e.lineno)));
    ],
    ..TypeSpec::BASE
};

fn make_entry(cx: &mut Ctx, table: &Table, id: ScopeId, scope: &Scope, children: Value) -> PyResult {
    let symbols = cx.dict();
    let Some(d) = DictObj::of(symbols) else { return Err(cx.no_memory()) };
    for &(sym, _) in &scope.symbols.entries {
        let name = cx.intern_str(table.names.get(sym));
        let flags = Value::small(i64::from(table.shown_flags(id, sym)));
        if cx.dict_set_str(d, name, flags).is_none() {
            return Err(cx.no_memory());
        }
    }
    let mut varnames = ValueVec::new(cx);
    for &sym in &scope.varnames {
        let name = cx.intern_str(table.names.get(sym));
        varnames.push(cx, name)?;
    }
    let name = cx.intern_str(&scope.name);
    let Some(ty) = cx.space().state::<State>().entry.get().and_then(TypeObj::of) else {
        return Err(cx.raise_str(Ty::SystemError, "the module _symtable is not initialised"));
    };
    let entry = Entry {
        name: Slot::new(name),
        symbols: Slot::new(symbols),
        varnames: Slot::new(varnames.into_list()),
        children: Slot::new(children),
        kind: scope.kind,
        nested: scope.nested,
        lineno: scope.lineno,
    };
    Ok(cx.new_native::<Entry>(ty, entry))
}

/// The entries of a table; inner blocks have higher numbers than those around them, so they are made first.
fn entries(cx: &mut Ctx, table: &Table) -> PyResult {
    let mut made = ValueVec::new(cx);
    let count = table.scopes.len();
    for (id, scope) in table.scopes.iter().enumerate().rev() {
        let mut children = ValueVec::new(cx);
        for &child in &scope.children {
            let at = (count - 1).checked_sub(child);
            if let Some(c) = at.and_then(|i| made.get(i)) {
                children.push(cx, c)?;
            }
        }
        let entry = make_entry(cx, table, id, scope, children.into_list())?;
        made.push(cx, entry)?;
    }
    Ok(made.get(count.wrapping_sub(1)).unwrap_or(Value::NONE))
}

fn source_of(cx: &mut Ctx, v: Value, filename: &str) -> PyResult<String> {
    if let Some(s) = StrObj::of(v) {
        return match s.to_utf8() {
            Some(t) => Ok(t),
            None => Err(vm::types::classes::not_utf8(cx, v)),
        };
    }
    match vm::buffers::buffer_to_vec(cx, v) {
        Ok(b) => compile::decode_source(cx, &b, filename, false),
        Err(r) => Err(not_source(cx, r)),
    }
}

#[cold]
fn not_source(cx: &mut Ctx, r: Raised) -> Raised {
    let e = cx.take_raised(r);
    if cx.is_instance(e, Ty::TypeError) {
        return cx.type_error("symtable() arg 1 must be a string or bytes object");
    }
    cx.set_raised(e)
}

fn symtable(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let file = vm::codec::fspath_text(cx, a[1])?;
    let filename = StrObj::of(file).map_or_else(String::new, StrObj::to_string_lossy);
    let Some(start) = StrObj::of(a[2]).map(StrObj::to_string_lossy) else {
        let msg = format!("symtable() argument 3 must be str, not {}", protopy_vm::ops::tp_name(cx, a[2]));
        return Err(cx.type_error(&msg));
    };
    let text = source_of(cx, a[0], &filename)?;
    if text.contains('\0') {
        let n = Value::NONE;
        let msg = "source code string cannot contain null bytes";
        return Err(compile::syntax_error(cx, Ty::SyntaxError, msg, [file, n, n, n, n, n]));
    }
    let mode = match start.as_str() {
        "exec" => Mode::Exec,
        "eval" => Mode::Eval,
        "single" => Mode::Single,
        _ => return Err(cx.value_error("symtable() arg 3 must be 'exec' or 'eval' or 'single'")),
    };
    let options = compile::default_options(cx, mode, &filename);
    let built = parse(&text, &options).and_then(|parsed| {
        let table_options = TableOptions::of(parsed.tree(), 0, false);
        build_table(parsed.tree(), parsed.locations(), table_options)
    });
    match built {
        Ok(table) => entries(cx, &table),
        Err(e) => Err(compile::raise_compile_error(cx, &e, &options)),
    }
}

const NUMBERS: &[(&str, u32)] = &[
    ("USE", flag::USE),
    ("DEF_GLOBAL", flag::DEF_GLOBAL),
    ("DEF_NONLOCAL", flag::DEF_NONLOCAL),
    ("DEF_LOCAL", flag::DEF_LOCAL),
    ("DEF_PARAM", flag::DEF_PARAM),
    ("DEF_TYPE_PARAM", flag::DEF_TYPE_PARAM),
    ("DEF_FREE_CLASS", flag::DEF_FREE_CLASS),
    ("DEF_IMPORT", flag::DEF_IMPORT),
    // Without type parameters, unlike the compiler's own.
    ("DEF_BOUND", flag::DEF_LOCAL | flag::DEF_PARAM | flag::DEF_IMPORT),
    ("DEF_ANNOT", flag::DEF_ANNOT),
    ("DEF_COMP_ITER", flag::DEF_COMP_ITER),
    ("DEF_COMP_CELL", flag::DEF_COMP_CELL),
    ("TYPE_FUNCTION", BlockKind::Function as u32),
    ("TYPE_CLASS", BlockKind::Class as u32),
    ("TYPE_MODULE", BlockKind::Module as u32),
    ("TYPE_ANNOTATION", BlockKind::Annotation as u32),
    ("TYPE_TYPE_ALIAS", BlockKind::TypeAlias as u32),
    ("TYPE_TYPE_PARAMETERS", BlockKind::TypeParameters as u32),
    ("TYPE_TYPE_VARIABLE", BlockKind::TypeVariable as u32),
    ("LOCAL", NameScope::Local as u32),
    ("GLOBAL_EXPLICIT", NameScope::GlobalExplicit as u32),
    ("GLOBAL_IMPLICIT", NameScope::GlobalImplicit as u32),
    ("FREE", NameScope::Free as u32),
    ("CELL", NameScope::Cell as u32),
    ("SCOPE_OFF", flag::SCOPE_OFF),
    ("SCOPE_MASK", 15),
];

fn init(cx: &mut Ctx, m: Value) -> PyResult<()> {
    let ty = create_type(cx, &ENTRY)?;
    cx.space().state::<State>().entry.init(Some(ty));
    for (n, v) in NUMBERS {
        module_set(cx, m, n, Value::small(i64::from(*v)))?;
    }
    Ok(())
}

/// `_symtable`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_symtable",
    doc: "Symbol tables of source text.",
    functions: methods![functions:
        /// The table of a source's outermost block.
        "symtable(source, filename, startstr, /)" => symtable;
    ],
    init: Some(init),
};
