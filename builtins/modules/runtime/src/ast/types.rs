//! The base class `AST`: constructor, representation, copies.

use super::classes::Ast;
use super::table::Node;
use protocore::dict::DictObj;
use protocore::layouts::{ListObj, StrObj, TupleObj};
use protocore::types::{SlotSpec, type_flags};
use protocore::{Args, Ctx, PyResult, Ty, Value};
use protopy_vm as vm;
use protopy_vm::{TypeSpec, ValueVec, getsets, methods};

/// `AST`
pub static AST: TypeSpec = TypeSpec {
    name: "AST",
    module: "ast",
    flags: type_flags::BASETYPE | type_flags::HEAP | type_flags::DICT,
    slots: SlotSpec { new: Some(new), init: Some(init), repr: Some(repr), ..SlotSpec::NONE },
    methods: methods![
        /// The parts that make a copy.
        "__reduce__(self, /)" => reduce;
        /// A copy with some fields replaced.
        raw "__replace__(self, /, **fields)" => replace;
    ],
    getsets: getsets![
        /// The namespace of the node.
        "__dict__" => vm::types::classes::get_dict, vm::types::classes::set_dict;
    ],
    ..TypeSpec::BASE
};

fn new(cx: &mut Ctx, class: Value, _: Args<'_>) -> PyResult {
    vm::types::object_new(cx, class, Args::NONE)
}

/// A class attribute of a node's class, if there is one.
fn of_class(cx: &mut Ctx, this: Value, name: &str) -> PyResult<Option<Value>> {
    let class = cx.type_of(this).value();
    vm::lookup_attr_str(cx, class, name)
}

/// The names in `_fields` or `_attributes`.
fn names_of(cx: &mut Ctx, this: Value, which: &str) -> PyResult<ValueVec> {
    match of_class(cx, this, which)? {
        Some(v) => {
            vm::len(cx, v)?;
            vm::to_vec(cx, v)
        }
        None => Ok(ValueVec::new(cx)),
    }
}

fn position(cx: &mut Ctx, names: &[Value], n: Value) -> PyResult<Option<usize>> {
    for (i, v) in names.iter().enumerate() {
        if vm::eq(cx, *v, n)? {
            return Ok(Some(i));
        }
    }
    Ok(None)
}

/// The class name in messages: that of `AST` itself with its module.
fn shown_name(cx: &mut Ctx, this: Value) -> String {
    let name = cx.type_name(this);
    let plain = cx.type_of(this).base.get().is_some_and(|b| b.is(cx.ty(Ty::Object).value()));
    if plain { format!("ast.{name}") } else { name }
}

fn init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    if of_class(cx, this, "_fields")?.is_none() {
        let msg = format!("type object '{}' has no attribute '_fields'", shown_name(cx, this));
        return Err(cx.raise_str(Ty::AttributeError, &msg));
    }
    let fields_vec = names_of(cx, this, "_fields")?;
    let fields = fields_vec.to_vec();
    let pos = args.pos();
    if pos.len() > fields.len() {
        let s = if fields.len() == 1 { "" } else { "s" };
        let name = cx.type_name(this);
        let n = fields.len();
        return Err(cx.type_error(&format!("{name} constructor takes at most {n} positional argument{s}")));
    }
    let mut given = vec![false; fields.len()];
    for ((field, value), given) in fields.iter().zip(pos).zip(&mut given) {
        vm::set_attr(cx, this, *field, Some(*value))?;
        *given = true;
    }
    for (key, value) in args.kw() {
        match position(cx, &fields, key)? {
            Some(i) if std::mem::replace(&mut given[i], true) => {
                let (name, key) = (cx.type_name(this), vm::repr_text(cx, key)?);
                return Err(cx.type_error(&format!("{name} got multiple values for argument {key}")));
            }
            Some(_) => {}
            None => unexpected(cx, this, key)?,
        }
        vm::set_attr(cx, this, key, Some(value))?;
    }
    if given.iter().any(|g| !g) {
        let missing: Vec<Value> = fields.iter().zip(&given).filter(|(_, g)| !**g).map(|(f, _)| *f).collect();
        defaults(cx, this, &missing)?;
    }
    vm::keep_alive(fields_vec.into_list());
    Ok(())
}

/// Warns of a keyword that is no field, unless it is an attribute.
fn unexpected(cx: &mut Ctx, this: Value, key: Value) -> PyResult<()> {
    let attributes = names_of(cx, this, "_attributes")?;
    if position(cx, &attributes.to_vec(), key)?.is_some() {
        return Ok(());
    }
    let (name, key) = (shown_name(cx, this), vm::repr_text(cx, key)?);
    let msg = format!(
        "{name}.__init__ got an unexpected keyword argument {key}. Support for arbitrary keyword arguments is deprecated and will be removed in Python 3.15."
    );
    vm::warn(cx, Ty::DeprecationWarning, &msg, 1)
}

/// Gives the fields that a constructor call left out their values, or warns.
fn defaults(cx: &mut Ctx, this: Value, missing: &[Value]) -> PyResult<()> {
    let Some(types) = of_class(cx, this, "_field_types")? else { return Ok(()) };
    let Some(types) = DictObj::of(types) else { return Ok(()) };
    let ast = Ast::get(cx)?;
    for &field in missing {
        let Some(t) = vm::dict_get(cx, types, field)? else {
            let (name, field) = (shown_name(cx, this), vm::repr_text(cx, field)?);
            let msg = format!(
                "Field {field} is missing from {name}._field_types. This will become an error in Python 3.15."
            );
            vm::warn(cx, Ty::DeprecationWarning, &msg, 1)?;
            continue;
        };
        if t.is_none() || cx.is_exact(t, Ty::Union) {
            continue;
        }
        if cx.is_exact(t, Ty::GenericAlias) {
            let list = cx.list(&[])?;
            vm::set_attr(cx, this, field, Some(list))?;
        } else if t.is(ast.class(Node::ExprContext).value()) {
            let load = ast.singleton(Node::Load);
            vm::set_attr(cx, this, field, Some(load))?;
        } else {
            let (name, field) = (shown_name(cx, this), vm::repr_text(cx, field)?);
            let msg = format!(
                "{name}.__init__ missing 1 required positional argument: {field}. This will become an error in Python 3.15."
            );
            vm::warn(cx, Ty::DeprecationWarning, &msg, 1)?;
        }
    }
    Ok(())
}

/// Class, placeholders for the fields that are there, namespace: the constructor is called without a warning, and the
/// namespace then overwrites what it set.
fn reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let this = a[0];
    let class = cx.type_of(this).value();
    let Some(dict) = vm::instance_dict(cx, this)? else {
        let none = vm::empty_tuple(cx);
        return Ok(cx.tuple(&[class, none]));
    };
    let mut count = 0;
    if let Some(d) = DictObj::of(dict) {
        for f in names_of(cx, this, "_fields")?.to_vec() {
            if !vm::dict_contains(cx, d, f)? {
                break;
            }
            count += 1;
        }
    }
    let args = cx.tuple_of(None, &vec![Value::NONE; count])?;
    Ok(cx.tuple(&[class, args, dict]))
}

fn replace(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    if !args.pos().is_empty() {
        return Err(cx.type_error("__replace__() takes no positional arguments"));
    }
    let fields_vec = names_of(cx, this, "_fields")?;
    let fields = fields_vec.to_vec();
    let attributes_vec = names_of(cx, this, "_attributes")?;
    let attributes = attributes_vec.to_vec();
    let mut changes: Vec<(Value, Value)> = Vec::new();
    for (key, value) in args.kw() {
        if position(cx, &fields, key)?.is_none() && position(cx, &attributes, key)?.is_none() {
            let (name, key) = (cx.type_name(this), vm::repr_text(cx, key)?);
            return Err(
                cx.type_error(&format!("{name}.__replace__ got an unexpected keyword argument {key}."))
            );
        }
        changes.push((key, value));
    }
    check_replaced(cx, this, &fields, args)?;
    let payload = cx.dict();
    let Some(d) = DictObj::of(payload) else { return Err(cx.no_memory()) };
    for name in fields.iter().chain(&attributes) {
        if let Some(v) = own(cx, this, *name)? {
            vm::dict_set(cx, d, *name, v)?;
        }
    }
    for (k, v) in changes {
        vm::dict_set(cx, d, k, v)?;
    }
    vm::keep_alive(fields_vec.into_list());
    vm::keep_alive(attributes_vec.into_list());
    let all = d.snapshot();
    let keys: Vec<Value> = all.iter().map(|e| e.1).collect();
    let values: Vec<Value> = all.iter().map(|e| e.2).collect();
    let keys = cx.tuple_of(None, &keys)?;
    let class = cx.type_of(this).value();
    let r = vm::call_args(cx, class, Args::with_names(&values, keys));
    vm::keep_alive(payload);
    r
}

/// An attribute in the namespace of the node itself.
fn own(cx: &mut Ctx, this: Value, name: Value) -> PyResult<Option<Value>> {
    match vm::instance_dict(cx, this)?.and_then(DictObj::of) {
        Some(d) => vm::dict_get(cx, d, name),
        None => Ok(None),
    }
}

/// Fields that the node lacks must be among the changes, unless they are optional.
fn check_replaced(cx: &mut Ctx, this: Value, fields: &[Value], args: Args<'_>) -> PyResult<()> {
    let types = of_class(cx, this, "_field_types")?.and_then(DictObj::of);
    let mut missing = Vec::new();
    'fields: for &f in fields {
        if own(cx, this, f)?.is_some() {
            continue;
        }
        for (key, _) in args.kw() {
            if vm::eq(cx, key, f)? {
                continue 'fields;
            }
        }
        if let Some(types) = types
            && let Some(t) = vm::dict_get(cx, types, f)?
            && (cx.is_exact(t, Ty::Union) || cx.is_exact(t, Ty::GenericAlias))
        {
            continue;
        }
        missing.push(vm::repr_text(cx, f)?);
    }
    if missing.is_empty() {
        return Ok(());
    }
    missing.sort();
    let s = if missing.len() == 1 { "" } else { "s" };
    let (n, name) = (missing.len(), cx.type_name(this));
    Err(cx
        .type_error(&format!("{name}.__replace__ missing {n} keyword argument{s}: {}.", missing.join(", "))))
}

/// Nodes within nodes that `repr` shows.
const REPR_DEPTH: u32 = 3;

fn repr(cx: &mut Ctx, this: Value) -> PyResult {
    let mut out = protopy_text::StrBuf::new();
    show(cx, this, REPR_DEPTH, &mut out)?;
    cx.str_buf(out)
}

fn show(cx: &mut Ctx, this: Value, depth: u32, out: &mut protopy_text::StrBuf) -> PyResult<()> {
    let name = cx.type_name(this);
    out.push_str(&name);
    if depth == 0 || !vm::enter_repr(cx, this) {
        out.push_str("(...)");
        return Ok(());
    }
    let r = show_fields(cx, this, depth, out);
    vm::leave_repr(cx, this);
    r
}

fn show_fields(cx: &mut Ctx, this: Value, depth: u32, out: &mut protopy_text::StrBuf) -> PyResult<()> {
    let class = cx.type_of(this).value();
    let fields = vm::get_attr_str(cx, class, "_fields")?;
    out.push_str("(");
    for i in 0..vm::len(cx, fields)? {
        let index = cx.int_usize(i);
        let field = vm::get_item(cx, fields, index)?;
        let value = vm::get_attr(cx, this, field)?;
        if i > 0 {
            out.push_str(", ");
        }
        if let Some(s) = StrObj::of(field) {
            out.push_ref(s.str_ref());
        }
        out.push_str("=");
        if ListObj::of(value).is_some() || TupleObj::of(value).is_some() {
            show_items(cx, value, depth, out)?;
        } else {
            show_value(cx, value, depth, out)?;
        }
    }
    out.push_str(")");
    Ok(())
}

/// The first and the last of some items.
fn show_items(cx: &mut Ctx, v: Value, depth: u32, out: &mut protopy_text::StrBuf) -> PyResult<()> {
    let (open, close) = if ListObj::of(v).is_some() { ("[", "]") } else { ("(", ")") };
    let items = vm::seq_items(v).unwrap_or_default();
    out.push_str(open);
    if let Some(first) = items.first() {
        show_value(cx, *first, depth, out)?;
    }
    if items.len() > 2 {
        out.push_str(", ...");
    }
    if let [_, .., last] = &items[..] {
        out.push_str(", ");
        show_value(cx, *last, depth, out)?;
    }
    out.push_str(close);
    vm::keep_alive(v);
    Ok(())
}

fn show_value(cx: &mut Ctx, v: Value, depth: u32, out: &mut protopy_text::StrBuf) -> PyResult<()> {
    if is_node(cx, v)? {
        return show(cx, v, depth - 1, out);
    }
    let text = vm::repr(cx, v)?;
    if let Some(s) = StrObj::of(text) {
        out.push_ref(s.str_ref());
    }
    Ok(())
}

/// Whether a value is a syntax tree object.
pub fn is_node(cx: &mut Ctx, v: Value) -> PyResult<bool> {
    let ast = Ast::get(cx)?;
    Ok(cx.type_of(v).is_subtype(ast.base().value()))
}
