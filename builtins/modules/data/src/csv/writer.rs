//! `_csv.writer`.

use super::dialect::{Dialect, from_params};
use super::{State, error, object_and_dialect, quoting};
use protopy_text::{StrBuf, StrRef};
use protopy_vm::protocore::layouts::{MethodDef, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::{self as vm, GetSetDef, TypeSpec, getsets, methods};
use std::ops::ControlFlow;

/// A writer.
pub(super) struct Writer {
    write: Slot,
    dialect: Slot,
}

impl Payload for Writer {
    const NAME: &'static str = "writer";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.write);
        t.slot(&self.dialect);
    }
}

pub(super) static WRITER: TypeSpec = TypeSpec {
    name: "writer",
    module: "_csv",
    layout: Layout::Native,
    vt: Some(<Writer as NativeLayout>::VT),
    flags: type_flags::BASETYPE | type_flags::NO_NEW,
    slots: SlotSpec::NONE,
    methods: METHODS,
    getsets: GETSETS,
    doc: "CSV writer\n\nWriter objects are responsible for generating tabular data\nin CSV format from sequence input.",
    ..TypeSpec::BASE
};

static GETSETS: &[GetSetDef] = getsets![
    /// The settings.
    member "dialect" => |_, v| Ok(v.native::<Writer>().map_or(Value::NONE, |w| w.dialect.get_or_none()));
];

static METHODS: &[MethodDef] = methods![
    /// Writes a row: the fields of an iterable.
    "writerow(self, row, /)" => |cx, a| write_row(cx, a[0], a[1]);
    /// Writes the rows of an iterable.
    "writerows(self, rows, /)" => |cx, a| {
        let this = a[0];
        vm::for_each(cx, a[1], |cx, row| {
            write_row(cx, this, row)?;
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(Value::NONE)
    };
];

/// `csv.writer(…)`
pub(super) fn make(cx: &mut Ctx, args: Args<'_>) -> PyResult {
    let (file, base) = object_and_dialect(cx, "writer", args)?;
    let dialect = from_params(cx, base, args)?;
    let write = match vm::lookup_attr_str(cx, file, "write")? {
        Some(w) if vm::callable(cx, w) => w,
        _ => return Err(cx.type_error("argument 1 must have a \"write\" method")),
    };
    let ty = cx.space().state::<State>().writer_type.get_or_none();
    let Some(ty) = TypeObj::of(ty) else { return Err(error(cx, "no type")) };
    let w = Writer { write: Slot::new(write), dialect: Slot::new(dialect) };
    Ok(cx.new_native(ty, w))
}

/// A row that is being put together.
struct Row<'a> {
    d: &'a Dialect,
    terminator: StrRef<'static>,
    out: StrBuf,
    fields: usize,
}

fn write_row(cx: &mut Ctx, this: Value, row: Value) -> PyResult {
    let Some(w) = this.native::<Writer>() else { return Err(cx.type_error("not a writer")) };
    let dialect = w.dialect.get_or_none();
    let Some(d) = dialect.native::<Dialect>() else { return Err(cx.type_error("not a writer")) };
    let Some(terminator) = StrObj::of(d.lineterminator.get_or_none()) else {
        return Err(cx.type_error("no line terminator"));
    };
    let fields = match vm::iter(cx, row) {
        Ok(i) => i,
        Err(r) => return Err(not_iterable(cx, r, row)),
    };
    let mut r = Row { d, terminator: terminator.str_ref(), out: StrBuf::new(), fields: 0 };
    let mut null = false;
    while let Some(field) = vm::next(cx, fields)? {
        null = field.is_none();
        r.field(cx, field)?;
    }
    if r.fields > 0 && r.out.is_empty() {
        if d.quoting == quoting::NONE || (null && matches!(d.quoting, quoting::STRINGS | quoting::NOTNULL)) {
            return Err(error(cx, "single empty field record must be quoted"));
        }
        r.fields -= 1;
        r.append(cx, None, true)?;
    }
    r.out.push_ref(r.terminator);
    let text = cx.str_buf(r.out)?;
    vm::keep_alive(dialect);
    vm::call(cx, w.write.get_or_none(), &[text])
}

#[cold]
fn not_iterable(cx: &mut Ctx, r: Raised, row: Value) -> Raised {
    let e = cx.take_raised(r);
    if !cx.is_instance(e, Ty::TypeError) {
        return cx.set_raised(e);
    }
    let msg = format!("iterable expected, not {}", protopy_vm::ops::tp_name(cx, row));
    error(cx, &msg)
}

/// Whether a value is a number as `PyNumber_Check` sees it.
fn is_number(cx: &Ctx, v: Value) -> bool {
    let s = &cx.type_of(v).slots;
    s.index.address() != 0 || s.int.address() != 0 || s.float.address() != 0 || cx.is_instance(v, Ty::Complex)
}

impl Row<'_> {
    fn field(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        let quoted = match self.d.quoting {
            quoting::ALL => true,
            quoting::NONNUMERIC => !is_number(cx, v),
            quoting::STRINGS => StrObj::of(v).is_some(),
            quoting::NOTNULL => !v.is_none(),
            _ => false,
        };
        if v.is_none() {
            return self.append(cx, None, quoted);
        }
        let text = if StrObj::of(v).is_some() { v } else { vm::str(cx, v)? };
        let s = StrObj::of(text).map(StrObj::str_ref);
        self.append(cx, Some(s.unwrap_or(StrRef::Latin1(&[]))), quoted)?;
        vm::keep_alive(text);
        Ok(())
    }

    /// Whether a character has a meaning in the file.
    #[inline(always)]
    fn special(&self, c: u32) -> bool {
        c == self.d.delimiter
            || Some(c) == self.d.escapechar
            || Some(c) == self.d.quotechar
            || c == 10
            || c == 13
            || self.terminator.chars().any(|t| t == c)
    }

    /// Appends a field, nothing for `None`, and the delimiter before it.
    fn append(&mut self, cx: &mut Ctx, field: Option<StrRef<'_>>, mut quoted: bool) -> PyResult<()> {
        let d = self.d;
        let text = field.unwrap_or(StrRef::Latin1(&[]));
        if text.is_empty() && d.delimiter == 32 && d.skipinitialspace {
            let unquotable = d.quoting == quoting::NONE
                || (field.is_none() && matches!(d.quoting, quoting::STRINGS | quoting::NOTNULL));
            if unquotable {
                return Err(error(
                    cx,
                    "empty field must be quoted if delimiter is a space and skipinitialspace is true",
                ));
            }
            quoted = true;
        }
        if !self.out.try_reserve(text.len().saturating_add(3)) {
            return Err(cx.no_memory());
        }
        if self.fields > 0 {
            self.out.push(d.delimiter);
        }
        self.fields += 1;
        if text.chars().any(|c| self.special(c)) {
            quoted |= self.needs_quotes(text);
            self.push_quote(quoted);
            self.push_escaped(cx, text)?;
        } else {
            self.push_quote(quoted);
            self.out.push_ref(text);
        }
        self.push_quote(quoted);
        Ok(())
    }

    fn push_quote(&mut self, quoted: bool) {
        if let (true, Some(q)) = (quoted, self.d.quotechar) {
            self.out.push(q);
        }
    }

    /// Whether a character is written with the escape character before it.
    fn escaped(&self, c: u32) -> bool {
        self.special(c)
            && (self.d.quoting == quoting::NONE
                || (Some(c) == self.d.quotechar && !self.d.doublequote)
                || Some(c) == self.d.escapechar)
    }

    /// Whether some special character is not escaped.
    fn needs_quotes(&self, text: StrRef<'_>) -> bool {
        text.chars().any(|c| self.special(c) && !self.escaped(c))
    }

    fn push_escaped(&mut self, cx: &mut Ctx, text: StrRef<'_>) -> PyResult<()> {
        for c in text.chars() {
            if self.escaped(c) {
                match self.d.escapechar {
                    Some(e) => self.out.push(e),
                    None => return Err(error(cx, "need to escape, but no escapechar set")),
                }
            } else if Some(c) == self.d.quotechar {
                self.out.push(c);
            }
            self.out.push(c);
        }
        Ok(())
    }
}
