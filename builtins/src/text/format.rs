//! `str.format` and `str.format_map`.

use super::args::this_str;
use protopy_text::format::FormatError;
use protopy_text::format::template::{Field, Step, TemplateParser, field_number, split_field_name};
use protopy_text::{StrBuf, StrRef};
use protopy_vm::protocore::layouts::StrObj;
use protopy_vm::protocore::{Args, Ctx, PyResult, Raised, Ty, Value};
use protopy_vm::{ascii, get_attr, get_item, raise_key_error, repr};

/// Raises what the formatting of a value refused.
#[cold]
pub fn format_error(cx: &mut Ctx, e: FormatError) -> Raised {
    match e {
        FormatError::Memory => cx.no_memory(),
        FormatError::Value(text) => match cx.str_buf(text) {
            Ok(m) => cx.raise(Ty::ValueError, m),
            Err(r) => r,
        },
    }
}

/// Where replacement fields find their values.
enum Source<'a> {
    Call(Args<'a>),
    Mapping(Value),
}

/// How fields are numbered: known from the first one on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbering {
    Unknown,
    Manual,
    Automatic,
}

struct Formatter<'a> {
    source: Source<'a>,
    numbering: Numbering,
    next: usize,
}

/// Fields may be nested in specifications once.
const MAX_DEPTH: usize = 2;

impl Formatter<'_> {
    fn render(&mut self, cx: &mut Ctx, text: StrRef<'_>, depth: usize, out: &mut StrBuf) -> PyResult<()> {
        if depth == 0 {
            return Err(cx.value_error("Max string recursion exceeded"));
        }
        for segment in TemplateParser::new(text) {
            let segment = match segment {
                Ok(s) => s,
                Err(e) => return Err(format_error(cx, e)),
            };
            out.push_ref(text.slice(segment.literal.0, segment.literal.1));
            if let Some(f) = segment.field {
                self.field(cx, text, f, depth, out)?;
            }
        }
        Ok(())
    }

    fn field(
        &mut self,
        cx: &mut Ctx,
        text: StrRef<'_>,
        f: Field,
        depth: usize,
        out: &mut StrBuf,
    ) -> PyResult<()> {
        let mut v = self.value(cx, text.slice(f.name.0, f.name.1))?;
        if let Some(c) = f.conversion {
            v = convert(cx, v, c)?;
        }
        let spec = text.slice(f.spec.0, f.spec.1);
        let shown = if f.nested {
            let mut inner = StrBuf::new();
            self.render(cx, spec, depth - 1, &mut inner)?;
            let spec = cx.str_buf(inner)?;
            protopy_vm::format(cx, v, spec)?
        } else {
            let spec = cx.str_from(spec)?;
            protopy_vm::format(cx, v, spec)?
        };
        if let Some(s) = StrObj::of(shown) {
            out.push_ref(s.str_ref());
        }
        Ok(())
    }

    fn number(&mut self, cx: &mut Ctx, given: Option<usize>) -> PyResult<usize> {
        let wanted = if given.is_some() { Numbering::Manual } else { Numbering::Automatic };
        if self.numbering == Numbering::Unknown {
            self.numbering = wanted;
        }
        if self.numbering != wanted {
            return Err(cx.value_error(match wanted {
                Numbering::Manual => {
                    "cannot switch from automatic field numbering to manual field specification"
                }
                _ => "cannot switch from manual field specification to automatic field numbering",
            }));
        }
        Ok(given.unwrap_or_else(|| {
            self.next += 1;
            self.next - 1
        }))
    }

    fn positional(&self, cx: &mut Ctx, i: usize) -> PyResult {
        let Source::Call(args) = &self.source else {
            return Err(cx.value_error("Format string contains positional fields"));
        };
        match args.pos().get(i) {
            Some(v) => Ok(*v),
            None => {
                let msg = format!("Replacement index {i} out of range for positional args tuple");
                Err(cx.raise_str(Ty::IndexError, &msg))
            }
        }
    }

    fn named(&self, cx: &mut Ctx, name: StrRef<'_>) -> PyResult {
        let args = match &self.source {
            Source::Mapping(m) => {
                let key = cx.str_from(name)?;
                return get_item(cx, *m, key);
            }
            Source::Call(args) => args,
        };
        let same = |k: Value| StrObj::of(k).is_some_and(|k| protopy_text::search::equal(k.str_ref(), name));
        match args.kw().find(|(k, _)| same(*k)) {
            Some((_, v)) => Ok(v),
            None => {
                let key = cx.str_from(name)?;
                Err(raise_key_error(cx, key))
            }
        }
    }

    /// The value that a field name stands for.
    fn value(&mut self, cx: &mut Ctx, name: StrRef<'_>) -> PyResult {
        let (end, steps) = split_field_name(name);
        let first = name.slice(0, end);
        let number = match field_number(first) {
            Ok(n) => n,
            Err(e) => return Err(format_error(cx, e)),
        };
        let mut v = if first.is_empty() || number.is_some() {
            let i = self.number(cx, number)?;
            self.positional(cx, i)?
        } else {
            self.named(cx, first)?
        };
        for step in steps {
            v = match step {
                Ok(Step::Attribute(from, to)) => {
                    let n = cx.str_from(name.slice(from, to))?;
                    let n = cx.intern(n);
                    get_attr(cx, v, n)?
                }
                Ok(Step::Index(i)) => {
                    let i = cx.int_usize(i);
                    get_item(cx, v, i)?
                }
                Ok(Step::Key(from, to)) => {
                    let key = cx.str_from(name.slice(from, to))?;
                    get_item(cx, v, key)?
                }
                Err(e) => return Err(format_error(cx, e)),
            };
        }
        Ok(v)
    }
}

fn convert(cx: &mut Ctx, v: Value, c: u32) -> PyResult {
    match char::from_u32(c) {
        Some('s') => protopy_vm::str(cx, v),
        Some('r') => repr(cx, v),
        Some('a') => ascii(cx, v),
        _ => {
            let shown = match char::from_u32(c) {
                Some(shown) if c > 32 && c < 127 => shown.to_string(),
                _ => format!("\\x{c:x}"),
            };
            let msg = format!("Unknown conversion specifier {shown}");
            Err(cx.value_error(&msg))
        }
    }
}

fn run(cx: &mut Ctx, this: Value, source: Source<'_>) -> PyResult {
    let s = this_str(cx, this)?;
    let mut f = Formatter { source, numbering: Numbering::Unknown, next: 0 };
    let mut out = StrBuf::with_capacity(s.len() + 16);
    f.render(cx, s.str_ref(), MAX_DEPTH, &mut out)?;
    protopy_vm::keep_alive(this);
    cx.str_buf(out)
}

pub(super) fn format_method(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    run(cx, this, Source::Call(args))
}

pub(super) fn format_map(cx: &mut Ctx, args: &[Value]) -> PyResult {
    run(cx, args[0], Source::Mapping(args[1]))
}
