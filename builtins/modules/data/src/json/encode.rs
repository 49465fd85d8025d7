//! The encoder: `make_encoder(…)(obj, level)`.
//!
//! Containers under way are kept as identities in a vector of the run. The dict `markers` gets them only when Python code (a `default`)
//! is about to see it.

use super::escape::push_quoted;
use crate::{identity, note};
use protopy_num::float::push_repr;
use protopy_num::int::{DecimalBuf, format_i64};
use protopy_text::StrBuf;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{FloatObj, IntRef, ListObj, NativeFnObj, StrObj, TupleObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::{self as vm, GetSetDef, TypeSpec, bind_all_arguments, getsets};
use std::collections::HashSet;

/// How strings are encoded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quoting {
    Ascii,
    Unicode,
    /// By calling the encoder.
    Call,
}

/// The settings.
pub(super) struct Encoder {
    markers: Slot,
    default: Slot,
    encoder: Slot,
    indent: Slot,
    key_separator: Slot,
    item_separator: Slot,
    sort_keys: bool,
    skipkeys: bool,
    allow_nan: bool,
    quoting: Quoting,
}

impl Payload for Encoder {
    const NAME: &'static str = "Encoder";

    fn trace(&self, t: &mut Tracer) {
        for s in [
            &self.markers,
            &self.default,
            &self.encoder,
            &self.indent,
            &self.key_separator,
            &self.item_separator,
        ] {
            t.slot(s);
        }
    }
}

pub(super) static ENCODER: TypeSpec = TypeSpec {
    name: "Encoder",
    module: "_json",
    layout: Layout::Native,
    vt: Some(<Encoder as NativeLayout>::VT),
    flags: type_flags::BASETYPE,
    slots: SlotSpec { new: Some(encoder_new), call: Some(encoder_call), ..SlotSpec::NONE },
    getsets: GETSETS,
    doc: "Encoder(markers, default, encoder, indent, key_separator, item_separator, sort_keys, skipkeys, allow_nan)",
    ..TypeSpec::BASE
};

fn member(v: Value, f: impl Fn(&'static Encoder) -> &'static Slot) -> PyResult {
    Ok(v.native::<Encoder>().map_or(Value::NONE, |e| f(e).get_or_none()))
}

static GETSETS: &[GetSetDef] = getsets![
    /// Containers under way by identity, or None.
    member "markers" => |_, v| member(v, |e| &e.markers);
    /// Makes something encodable of other objects.
    member "default" => |_, v| member(v, |e| &e.default);
    /// Encodes strings.
    member "encoder" => |_, v| member(v, |e| &e.encoder);
    /// Indentation of a level, or None.
    member "indent" => |_, v| member(v, |e| &e.indent);
    /// Stands between key and value.
    member "key_separator" => |_, v| member(v, |e| &e.key_separator);
    /// Stands between items.
    member "item_separator" => |_, v| member(v, |e| &e.item_separator);
    /// Whether keys are sorted.
    member "sort_keys" => |_, v| Ok(Value::bool(v.native::<Encoder>().is_some_and(|e| e.sort_keys)));
    /// Whether keys that cannot be encoded are left out.
    member "skipkeys" => |_, v| Ok(Value::bool(v.native::<Encoder>().is_some_and(|e| e.skipkeys)));
];

const PARAMS: [&str; 9] = [
    "markers",
    "default",
    "encoder",
    "indent",
    "key_separator",
    "item_separator",
    "sort_keys",
    "skipkeys",
    "allow_nan",
];

fn encoder_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let a = bind_all_arguments(cx, "make_encoder", &PARAMS, args)?;
    let Some(ty) = TypeObj::of(class) else { return Err(cx.type_error("not a type")) };
    for (i, v) in [(5, a[4]), (6, a[5])] {
        if StrObj::of(v).is_none() {
            let msg =
                format!("make_encoder() argument {i} must be str, not {}", protopy_vm::ops::tp_name(cx, v));
            return Err(cx.type_error(&msg));
        }
    }
    let (sort_keys, skipkeys) = (vm::is_true(cx, a[6])?, vm::is_true(cx, a[7])?);
    let allow_nan = vm::is_true(cx, a[8])?;
    if !a[0].is_none() && DictObj::of(a[0]).is_none() {
        let msg = format!(
            "make_encoder() argument 1 must be dict or None, not {}",
            protopy_vm::ops::tp_name(cx, a[0])
        );
        return Err(cx.type_error(&msg));
    }
    let native = |name: &str| {
        NativeFnObj::of(a[2])
            .is_some_and(|f| super::MODULE.functions.iter().any(|d| d.name == name && std::ptr::eq(d, f.def)))
    };
    let quoting = if native("encode_basestring_ascii") {
        Quoting::Ascii
    } else if native("encode_basestring") {
        Quoting::Unicode
    } else {
        Quoting::Call
    };
    let encoder = Encoder {
        markers: Slot::new(a[0]),
        default: Slot::new(a[1]),
        encoder: Slot::new(a[2]),
        indent: Slot::new(a[3]),
        key_separator: Slot::new(a[4]),
        item_separator: Slot::new(a[5]),
        sort_keys,
        skipkeys,
        allow_nan,
        quoting,
    };
    Ok(cx.new_native(ty, encoder))
}

fn encoder_call(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    let [obj, level] = bind_all_arguments(cx, "_iterencode", &["obj", "_current_indent_level"], args)?;
    let level = vm::index_i64(cx, level, Ty::OverflowError)?.max(0);
    let Some(encoder) = this.native::<Encoder>() else { return Err(cx.type_error("not an encoder")) };
    let markers = DictObj::of(encoder.markers.get_or_none());
    let mut run = Run {
        e: encoder,
        out: StrBuf::new(),
        indent: encoder.indent.get().and_then(Value::not_none),
        markers,
        shared: markers.is_some_and(|d| !d.is_empty()),
        open: Vec::new(),
        known: HashSet::new(),
        published: 0,
        number: String::new(),
    };
    run.value(cx, obj, level)?;
    vm::keep_alive(this);
    let text = cx.str_buf(run.out)?;
    cx.tuple_of(None, &[text])
}

/// From this depth on containers under way are also found by hash.
const DEEP: usize = 24;

/// A run of the encoder.
struct Run<'a> {
    e: &'a Encoder,
    out: StrBuf,
    indent: Option<Value>,
    markers: Option<&'static DictObj>,
    /// Whether `markers` had entries when the run began: another run's.
    shared: bool,
    /// Identities of the containers under way, outermost first; each is alive in a frame of the recursion.
    open: Vec<u64>,
    /// The same, once there are many.
    known: HashSet<u64>,
    /// How many of them are in `markers`.
    published: usize,
    number: String,
}

impl Run<'_> {
    fn push_ascii(&mut self, s: &str) {
        self.out.push_latin1(s.as_bytes());
    }

    /// Appends a string as it is.
    fn push_plain(&mut self, cx: &mut Ctx, s: Value) -> PyResult<()> {
        let Some(s) = StrObj::of(s) else { return Ok(()) };
        if !self.out.try_reserve(s.len()) {
            return Err(cx.no_memory());
        }
        self.out.push_ref(s.str_ref());
        Ok(())
    }

    fn string(&mut self, cx: &mut Ctx, v: Value, s: &StrObj) -> PyResult<()> {
        if self.e.quoting != Quoting::Call {
            let ok = cx.computing(s.len(), || {
                push_quoted(&mut self.out, s.str_ref(), self.e.quoting == Quoting::Ascii)
            });
            return if ok { Ok(()) } else { Err(cx.no_memory()) };
        }
        let r = vm::call(cx, self.e.encoder.get_or_none(), &[v])?;
        if StrObj::of(r).is_none() {
            let msg = format!("encoder() must return a string, not {}", protopy_vm::ops::tp_name(cx, r));
            return Err(cx.type_error(&msg));
        }
        self.push_plain(cx, r)
    }

    /// Appends the text of a number, a constant or anything of the kind; false if the value is none.
    fn scalar(&mut self, cx: &mut Ctx, v: Value) -> PyResult<bool> {
        if v.is_none() {
            self.push_ascii("null");
        } else if v.is_bool() {
            self.push_ascii(if v.is(Value::TRUE) { "true" } else { "false" });
        } else if let Some(n) = IntRef::of(v) {
            match n {
                IntRef::Small(n) => {
                    let mut buf = DecimalBuf::new();
                    self.out.push_latin1(format_i64(n, &mut buf).as_bytes());
                }
                IntRef::Big(_) => {
                    let exact = vm::int_from_ref(cx, n);
                    let text = vm::repr(cx, exact)?;
                    self.push_plain(cx, text)?;
                }
            }
        } else if let Some(f) = FloatObj::of(v) {
            self.float(cx, v, f)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn float(&mut self, cx: &mut Ctx, v: Value, f: f64) -> PyResult<()> {
        if f.is_finite() {
            self.number.clear();
            push_repr(f, true, &mut self.number);
            self.out.push_latin1(self.number.as_bytes());
            return Ok(());
        }
        if !self.e.allow_nan {
            let msg = format!("Out of range float values are not JSON compliant: {}", vm::repr_text(cx, v)?);
            return Err(cx.value_error(&msg));
        }
        self.push_ascii(if f.is_nan() {
            "NaN"
        } else if f > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        });
        Ok(())
    }

    fn value(&mut self, cx: &mut Ctx, v: Value, level: i64) -> PyResult<()> {
        cx.breathe();
        if let Some(s) = StrObj::of(v) {
            return self.string(cx, v, s);
        }
        if self.scalar(cx, v)? {
            return Ok(());
        }
        cx.check_native_stack(" while encoding a JSON object")?;
        if let Some(d) = DictObj::of(v) {
            return self.dict(cx, v, d, level);
        }
        if ListObj::of(v).is_some() || TupleObj::of(v).is_some() {
            return self.sequence(cx, v, level);
        }
        self.other(cx, v, level)
    }

    fn other(&mut self, cx: &mut Ctx, v: Value, level: i64) -> PyResult<()> {
        self.enter(cx, v)?;
        self.publish(cx)?;
        let made = vm::call(cx, self.e.default.get_or_none(), &[v])?;
        if let Err(r) = self.value(cx, made, level) {
            let text = format!("when serializing {} object", vm::full_type_name(cx, v));
            return Err(note(cx, r, &text));
        }
        self.leave(cx, v)
    }

    /// Notes that a container is under way; ValueError if it is already.
    #[inline]
    fn enter(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        let Some(markers) = self.markers else { return Ok(()) };
        let id = v.bits();
        let mut circular = if self.open.len() < DEEP {
            self.open.contains(&id)
        } else {
            if self.open.len() == DEEP {
                self.known.extend(&self.open);
            }
            !self.known.insert(id)
        };
        if self.shared && !circular {
            let key = identity(cx, v);
            circular = vm::dict_contains(cx, markers, key)?;
        }
        if circular {
            return Err(cx.value_error("Circular reference detected"));
        }
        self.open.push(id);
        Ok(())
    }

    fn leave(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        let Some(markers) = self.markers else { return Ok(()) };
        self.open.pop();
        if self.open.len() >= DEEP {
            self.known.remove(&v.bits());
        }
        if self.open.len() < self.published {
            self.published = self.open.len();
            let key = identity(cx, v);
            if vm::dict_del(cx, markers, key)?.is_none() {
                return Err(vm::raise_key_error(cx, key));
            }
        }
        Ok(())
    }

    /// Enters the containers under way into the dict of markers.
    #[allow(unsafe_code)]
    fn publish(&mut self, cx: &mut Ctx) -> PyResult<()> {
        let Some(markers) = self.markers else { return Ok(()) };
        while let Some(&id) = self.open.get(self.published) {
            // SAFETY: the object is alive in a frame of the recursion that entered it.
            let v = unsafe { Value::from_bits(id) };
            let key = identity(cx, v);
            vm::dict_set(cx, markers, key, v)?;
            self.published += 1;
        }
        Ok(())
    }

    /// A line break and the indentation of a level, if there is one.
    fn line(&mut self, cx: &mut Ctx, level: i64) -> PyResult<()> {
        let Some(indent) = self.indent else { return Ok(()) };
        if StrObj::of(indent).is_none() {
            let msg =
                format!("can only concatenate str (not \"{}\") to str", protopy_vm::ops::tp_name(cx, indent));
            return Err(cx.type_error(&msg));
        }
        self.push_ascii("\n");
        for _ in 0..level {
            self.push_plain(cx, indent)?;
        }
        Ok(())
    }

    /// What stands before an item that is not the first.
    fn separate(&mut self, cx: &mut Ctx, level: i64) -> PyResult<()> {
        self.push_plain(cx, self.e.item_separator.get_or_none())?;
        self.line(cx, level)
    }

    fn sequence(&mut self, cx: &mut Ctx, v: Value, level: i64) -> PyResult<()> {
        let exact = cx.is_exact(v, Ty::List) || cx.is_exact(v, Ty::Tuple);
        let items = if exact { v } else { vm::to_vec(cx, v)?.into_list() };
        let get = |i: usize| match ListObj::of(items) {
            Some(l) => l.get(i),
            None => TupleObj::of(items).and_then(|t| t.items().get(i).copied()),
        };
        if get(0).is_none() {
            self.push_ascii("[]");
            return Ok(());
        }
        self.enter(cx, v)?;
        self.push_ascii("[");
        let mut i = 0;
        while let Some(x) = get(i) {
            if i > 0 {
                self.separate(cx, level + 1)?;
            } else {
                self.line(cx, level + 1)?;
            }
            if let Err(r) = self.value(cx, x, level.saturating_add(1)) {
                let text = format!("when serializing {} item {i}", vm::full_type_name(cx, v));
                return Err(note(cx, r, &text));
            }
            i += 1;
        }
        vm::keep_alive(items);
        self.leave(cx, v)?;
        self.line(cx, level)?;
        self.push_ascii("]");
        Ok(())
    }

    fn dict(&mut self, cx: &mut Ctx, v: Value, d: &DictObj, level: i64) -> PyResult<()> {
        if d.is_empty() {
            self.push_ascii("{}");
            return Ok(());
        }
        self.enter(cx, v)?;
        self.push_ascii("{");
        let mut first = true;
        if cx.is_exact(v, Ty::Dict) && !self.e.sort_keys {
            let mut at = 0;
            while let Some((i, _, k, x)) = d.next_from(at) {
                self.member(cx, v, (k, x), level + 1, &mut first)?;
                at = i + 1;
            }
        } else {
            let items = self.items(cx, v)?;
            let mut i = 0;
            while let Some(pair) = ListObj::of(items).and_then(|l| l.get(i)) {
                let Some(&[k, x]) = TupleObj::of(pair).map(TupleObj::items) else {
                    return Err(cx.value_error("items must return 2-tuples"));
                };
                self.member(cx, v, (k, x), level + 1, &mut first)?;
                i += 1;
            }
            vm::keep_alive(items);
        }
        self.leave(cx, v)?;
        if !first {
            self.line(cx, level)?;
        }
        self.push_ascii("}");
        Ok(())
    }

    /// The items of a dict as a list, sorted if so wished.
    fn items(&mut self, cx: &mut Ctx, v: Value) -> PyResult {
        let view = vm::call_method(cx, v, "items", &[])?;
        if !vm::iter::is_iterable(cx, view) {
            let (class, made) = (cx.type_name(v), cx.type_name(view));
            let msg = format!("{class}.items() returned a non-iterable (type {made})");
            return Err(cx.type_error(&msg));
        }
        let list = vm::to_vec(cx, view)?.into_list();
        if self.e.sort_keys {
            vm::call_method(cx, list, "sort", &[])?;
        }
        Ok(list)
    }

    fn member(
        &mut self,
        cx: &mut Ctx,
        owner: Value,
        (k, x): (Value, Value),
        level: i64,
        first: &mut bool,
    ) -> PyResult<()> {
        let quoted_number = StrObj::of(k).is_none();
        let encodable = !quoted_number || k.is_none() || IntRef::of(k).is_some() || FloatObj::of(k).is_some();
        if !encodable {
            if self.e.skipkeys {
                return Ok(());
            }
            let name = vm::full_type_name(cx, k);
            let msg = format!("keys must be str, int, float, bool or None, not {name}");
            return Err(cx.type_error(&msg));
        }
        if *first {
            self.line(cx, level)?;
            *first = false;
        } else {
            self.separate(cx, level)?;
        }
        self.key(cx, k)?;
        self.push_plain(cx, self.e.key_separator.get_or_none())?;
        match self.value(cx, x, level) {
            Ok(()) => Ok(()),
            Err(r) => Err(self.about_item(cx, r, owner, k)),
        }
    }

    fn key(&mut self, cx: &mut Ctx, k: Value) -> PyResult<()> {
        if let Some(s) = StrObj::of(k) {
            return self.string(cx, k, s);
        }
        if self.e.quoting == Quoting::Call {
            // The encoder wants a str.
            let kept = std::mem::take(&mut self.out);
            let r = self.scalar(cx, k);
            let text = std::mem::replace(&mut self.out, kept);
            r?;
            let text = cx.str_buf(text)?;
            let r = vm::call(cx, self.e.encoder.get_or_none(), &[text])?;
            if StrObj::of(r).is_none() {
                let msg = format!("encoder() must return a string, not {}", protopy_vm::ops::tp_name(cx, r));
                return Err(cx.type_error(&msg));
            }
            return self.push_plain(cx, r);
        }
        self.push_ascii("\"");
        self.scalar(cx, k)?;
        self.push_ascii("\"");
        Ok(())
    }

    #[cold]
    fn about_item(&self, cx: &mut Ctx, r: Raised, owner: Value, k: Value) -> Raised {
        let e = cx.take_raised(r);
        let text = match vm::repr_text(cx, k) {
            Ok(k) => format!("when serializing {} item {k}", vm::full_type_name(cx, owner)),
            Err(r) => return r,
        };
        let r = cx.set_raised(e);
        note(cx, r, &text)
    }
}
