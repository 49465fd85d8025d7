//! `_csv.reader`.
//!
//! Between rows nothing is kept but the number of lines, so that a reader needs no lock: each `next` parses with state of its own.

use super::dialect::{Dialect, from_params};
use super::{State, error, object_and_dialect, quoting};
use protopy_text::{StrBuf, StrRef};
use protopy_vm::protocore::layouts::{ListObj, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, TypeObj, Value,
};
use protopy_vm::{self as vm, GetSetDef, TypeSpec, getsets};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// A reader.
pub(super) struct Reader {
    lines: Slot,
    dialect: Slot,
    line_num: AtomicU64,
    /// The thread that finished a row last, while it may be in the middle of another one.
    finished_by: AtomicUsize,
}

impl Payload for Reader {
    const NAME: &'static str = "reader";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.lines);
        t.slot(&self.dialect);
    }
}

pub(super) static READER: TypeSpec = TypeSpec {
    name: "reader",
    module: "_csv",
    layout: Layout::Native,
    vt: Some(<Reader as NativeLayout>::VT),
    flags: type_flags::BASETYPE | type_flags::NO_NEW,
    slots: SlotSpec { iter: Some(|_, v| Ok(v)), iternext: Some(next), ..SlotSpec::NONE },
    getsets: GETSETS,
    doc: "CSV reader\n\nReader objects are responsible for reading and parsing tabular data\nin CSV format.",
    ..TypeSpec::BASE
};

static GETSETS: &[GetSetDef] = getsets![
    /// The settings.
    member "dialect" => |_, v| Ok(v.native::<Reader>().map_or(Value::NONE, |r| r.dialect.get_or_none()));
    /// How many lines were read.
    member "line_num" => |cx, v| {
        let n = v.native::<Reader>().map_or(0, |r| r.line_num.load(Ordering::Relaxed));
        Ok(cx.int_u64(n))
    };
];

/// `csv.reader(…)`
pub(super) fn make(cx: &mut Ctx, args: Args<'_>) -> PyResult {
    let (source, base) = object_and_dialect(cx, "reader", args)?;
    let lines = vm::iter(cx, source)?;
    let dialect = from_params(cx, base, args)?;
    let ty = cx.space().state::<State>().reader_type.get_or_none();
    let Some(ty) = TypeObj::of(ty) else { return Err(error(cx, "no type")) };
    let r = Reader {
        lines: Slot::new(lines),
        dialect: Slot::new(dialect),
        line_num: AtomicU64::new(0),
        finished_by: AtomicUsize::new(0),
    };
    Ok(cx.new_native(ty, r))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    StartRecord,
    StartField,
    EscapedChar,
    InField,
    InQuotedField,
    EscapeInQuotedField,
    QuoteInQuotedField,
    EatCrNl,
    AfterEscapedCrNl,
}

/// Stands for the end of a line among code points.
const END: u32 = u32::MAX;

struct Parser<'a> {
    d: &'a Dialect,
    at: At,
    field: StrBuf,
    /// Whether the field has had no quotes so far.
    unquoted: bool,
    row: Value,
    limit: i64,
}

fn next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let Some(r) = this.native::<Reader>() else { return Ok(None) };
    let dialect = r.dialect.get_or_none();
    let Some(d) = dialect.native::<Dialect>() else { return Ok(None) };
    let lines = r.lines.get_or_none();
    let limit = cx.space().state::<State>().field_limit.load(Ordering::Relaxed);
    let row = cx.list(&[])?;
    let mut p = Parser { d, at: At::StartRecord, field: StrBuf::new(), unquoted: true, row, limit };
    let thread = &raw const *cx as usize;
    loop {
        r.finished_by.store(0, Ordering::Relaxed);
        let line = vm::next(cx, lines)?;
        if r.finished_by.load(Ordering::Relaxed) == thread {
            return Err(error(cx, "iterator has already advanced the reader"));
        }
        let Some(line) = line else {
            if p.field.is_empty() && p.at != At::InQuotedField {
                return Ok(None);
            }
            if d.strict {
                return Err(error(cx, "unexpected end of data"));
            }
            p.save(cx)?;
            r.finished_by.store(thread, Ordering::Relaxed);
            return Ok(Some(row));
        };
        let Some(s) = StrObj::of(line) else {
            let msg = format!(
                "iterator should return strings, not {} (the file should be opened in text mode)",
                protopy_vm::ops::tp_name(cx, line)
            );
            return Err(error(cx, &msg));
        };
        r.line_num.fetch_add(1, Ordering::Relaxed);
        p.line(cx, s.str_ref())?;
        vm::keep_alive(line);
        if p.at == At::StartRecord {
            vm::keep_alive(dialect);
            r.finished_by.store(thread, Ordering::Relaxed);
            return Ok(Some(row));
        }
    }
}

impl Parser<'_> {
    /// Whether a character has no meaning of its own within a field.
    #[inline(always)]
    fn plain(&self, c: u32) -> bool {
        c != self.d.delimiter
            && c != 10
            && c != 13
            && Some(c) != self.d.escapechar
            && Some(c) != self.d.quotechar
    }

    fn line(&mut self, cx: &mut Ctx, s: StrRef<'_>) -> PyResult<()> {
        let n = s.len();
        let mut i = 0;
        while i < n {
            let Some(c) = s.get(i) else { break };
            let runs = matches!(self.at, At::InField | At::InQuotedField);
            if runs && self.plain(c) {
                let end = self.run_end(s, i + 1);
                self.add_run(cx, s.slice(i, end))?;
                i = end;
                continue;
            }
            self.step(cx, c)?;
            i += 1;
        }
        self.step(cx, END)
    }

    fn run_end(&self, s: StrRef<'_>, from: usize) -> usize {
        match s {
            StrRef::Latin1(b) => {
                let rest = b.get(from..).unwrap_or(&[]);
                rest.iter().position(|&c| !self.plain(u32::from(c))).map_or(b.len(), |k| from + k)
            }
            wide => {
                let mut end = from;
                while wide.get(end).is_some_and(|c| self.plain(c)) {
                    end += 1;
                }
                end
            }
        }
    }

    fn add_run(&mut self, cx: &mut Ctx, run: StrRef<'_>) -> PyResult<()> {
        if !self.field.try_reserve(run.len()) {
            return Err(cx.no_memory());
        }
        self.field.push_ref(run);
        self.check_limit(cx)
    }

    fn add(&mut self, cx: &mut Ctx, c: u32) -> PyResult<()> {
        self.field.push(c);
        self.check_limit(cx)
    }

    #[inline]
    fn check_limit(&self, cx: &mut Ctx) -> PyResult<()> {
        if self.field.len() as i64 <= self.limit {
            return Ok(());
        }
        Err(error(cx, &format!("field larger than field limit ({})", self.limit)))
    }

    /// Ends the field.
    fn save(&mut self, cx: &mut Ctx) -> PyResult<()> {
        let Some(row) = ListObj::of(self.row) else { return Ok(()) };
        let q = self.d.quoting;
        let v = if self.unquoted && self.field.is_empty() && matches!(q, quoting::NOTNULL | quoting::STRINGS)
        {
            Value::NONE
        } else {
            let text = cx.str_from(self.field.as_ref())?;
            if self.unquoted && !self.field.is_empty() && matches!(q, quoting::NONNUMERIC | quoting::STRINGS)
            {
                let float = cx.ty(protopy_vm::protocore::Ty::Float).value();
                vm::call(cx, float, &[text])?
            } else {
                text
            }
        };
        self.field.truncate(0);
        self.unquoted = true;
        cx.list_append(row, v)
    }

    /// Ends the field and, with it, the row.
    fn end_of_row(&mut self, cx: &mut Ctx, c: u32) -> PyResult<()> {
        self.save(cx)?;
        self.at = if c == END { At::StartRecord } else { At::EatCrNl };
        Ok(())
    }

    fn step(&mut self, cx: &mut Ctx, c: u32) -> PyResult<()> {
        let line_end = matches!(c, 10 | 13 | END);
        let quoting = self.d.quoting != quoting::NONE;
        let escape = Some(c) == self.d.escapechar;
        let quote = Some(c) == self.d.quotechar;
        match self.at {
            At::StartRecord if c == END => Ok(()),
            At::StartRecord if line_end => {
                self.at = At::EatCrNl;
                Ok(())
            }
            At::StartRecord | At::StartField => self.start_field(cx, c),
            At::EscapedChar => {
                if c == 10 || c == 13 {
                    self.at = At::AfterEscapedCrNl;
                    return self.add(cx, c);
                }
                self.at = At::InField;
                self.add(cx, if c == END { 10 } else { c })
            }
            At::AfterEscapedCrNl if c == END => Ok(()),
            At::AfterEscapedCrNl | At::InField => {
                if line_end {
                    return self.end_of_row(cx, c);
                }
                if escape {
                    self.at = At::EscapedChar;
                } else if c == self.d.delimiter {
                    self.at = At::StartField;
                    return self.save(cx);
                } else {
                    self.at = At::InField;
                    return self.add(cx, c);
                }
                Ok(())
            }
            At::InQuotedField => {
                if c == END {
                } else if escape {
                    self.at = At::EscapeInQuotedField;
                } else if quote && quoting {
                    self.at = if self.d.doublequote { At::QuoteInQuotedField } else { At::InField };
                } else {
                    return self.add(cx, c);
                }
                Ok(())
            }
            At::EscapeInQuotedField => {
                self.at = At::InQuotedField;
                self.add(cx, if c == END { 10 } else { c })
            }
            At::QuoteInQuotedField => self.after_quote(cx, c, quote && quoting),
            At::EatCrNl => match c {
                10 | 13 => Ok(()),
                END => {
                    self.at = At::StartRecord;
                    Ok(())
                }
                _ => Err(error(
                    cx,
                    "new-line character seen in unquoted field - do you need to open the file with newline=''?",
                )),
            },
        }
    }

    fn start_field(&mut self, cx: &mut Ctx, c: u32) -> PyResult<()> {
        if matches!(c, 10 | 13 | END) {
            return self.end_of_row(cx, c);
        }
        if Some(c) == self.d.quotechar && self.d.quoting != quoting::NONE {
            self.unquoted = false;
            self.at = At::InQuotedField;
        } else if Some(c) == self.d.escapechar {
            self.at = At::EscapedChar;
        } else if c == 32 && self.d.skipinitialspace {
            self.at = At::StartField;
        } else if c == self.d.delimiter {
            self.at = At::StartField;
            return self.save(cx);
        } else {
            self.at = At::InField;
            return self.add(cx, c);
        }
        Ok(())
    }

    /// After a quote within a quoted field: doubled, or the end.
    fn after_quote(&mut self, cx: &mut Ctx, c: u32, quote: bool) -> PyResult<()> {
        if quote {
            self.at = At::InQuotedField;
            return self.add(cx, c);
        }
        if c == self.d.delimiter {
            self.at = At::StartField;
            return self.save(cx);
        }
        if matches!(c, 10 | 13 | END) {
            return self.end_of_row(cx, c);
        }
        if !self.d.strict {
            self.at = At::InField;
            return self.add(cx, c);
        }
        let shown = |c: u32| char::from_u32(c).unwrap_or('\u{fffd}');
        let (delimiter, quote) = (shown(self.d.delimiter), shown(self.d.quotechar.unwrap_or(34)));
        Err(error(cx, &format!("'{delimiter}' expected after '{quote}'")))
    }
}
