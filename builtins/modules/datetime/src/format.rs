//! Texts in formats of the program's choice: `strftime` with what it adds to the C library's, `strptime`, and the time tuples under both.

use crate::calendar::{Clock, Ymd, days_before_month};
use crate::date::exactly;
use crate::datetime::DateTime;
use crate::iso::Text;
use crate::time::Time;
use crate::{args, tzinfo};
use protopy_text::{StrBuf, StrRef};
use protopy_vm as vm;
use protopy_vm::protocore::layouts::{IntRef, StrObj, TupleObj};
use protopy_vm::protocore::{Args, Ctx, PyResult, Ty, Value};

/// A `time.struct_time`.
pub fn struct_time(cx: &mut Ctx, d: Ymd, t: Clock, dst: i64) -> PyResult {
    let (y, m, day) = d.parts();
    let n = [
        i64::from(y),
        i64::from(m),
        i64::from(day),
        i64::from(t.hour),
        i64::from(t.minute),
        i64::from(t.second),
        i64::from(d.weekday()),
        i64::from(days_before_month(y, m) + day),
        dst,
    ];
    let items = cx.tuple_of(None, &n.map(Value::small))?;
    let class = vm::import_attr(cx, "time", "struct_time")?;
    vm::call(cx, class, &[items])
}

/// `cls.strptime(string, format)`, which the module `_strptime` does.
pub fn strptime(cx: &mut Ctx, function: &str, class: Value, a: Args<'_>) -> PyResult {
    exactly(cx, "strptime", 2, a)?;
    let (string, format) = (a.pos()[0], a.pos()[1]);
    args::text(cx, string, "strptime", 1)?;
    args::text(cx, format, "strptime", 2)?;
    let f = vm::import_attr(cx, "_strptime", function)?;
    vm::call(cx, f, &[class, string, format])
}

/// `obj.__format__(format)`
pub fn format_method(cx: &mut Ctx, v: Value, format: Value) -> PyResult {
    let s = args::text(cx, format, "__format__", 1)?;
    if s.is_empty() { vm::str(cx, v) } else { vm::call_method(cx, v, "strftime", &[format]) }
}

/// A `strftime` under way.
struct Run {
    object: Value,
    /// What methods of the time zone get.
    arg: Value,
    tuple: Value,
    out: StrBuf,
}

fn zone_and_us(v: Value) -> (Value, u32) {
    if let Some(d) = v.native::<DateTime>() {
        return (d.zone.get_or_none(), d.clock.us);
    }
    match v.native::<Time>() {
        Some(t) => (t.zone.get_or_none(), t.clock.us),
        None => (Value::NONE, 0),
    }
}

impl Run {
    fn offset(&mut self, cx: &mut Ctx, sep: &str) -> PyResult<()> {
        let (zone, _) = zone_and_us(self.object);
        let mut text = Text::default();
        tzinfo::write_offset(cx, zone, self.arg, sep, &mut text)?;
        self.out.push_latin1(text.bytes());
        Ok(())
    }

    fn zone_name(&mut self, cx: &mut Ctx) -> PyResult<()> {
        let (zone, _) = zone_and_us(self.object);
        let mut name = tzinfo::tzname(cx, zone, self.arg)?;
        let exact = std::ptr::eq(cx.type_of(name), cx.ty(Ty::Str));
        if StrObj::of(name).is_some() && !exact {
            // A class of its own may know better how percent signs are doubled.
            let (one, two) = (cx.str("%"), cx.str("%%"));
            name = vm::call_method(cx, name, "replace", &[one, two])?;
            let Some(s) = StrObj::of(name) else {
                return Err(cx.type_error("tzname.replace() did not return a string"));
            };
            self.out.push_ref(s.str_ref());
        } else if let Some(s) = StrObj::of(name) {
            for c in s.str_ref().chars() {
                // The format goes through the C library still.
                self.out.push_n(c, if c == u32::from(b'%') { 2 } else { 1 });
            }
        }
        Ok(())
    }

    /// Years before 1000 are filled up with zeros; whether this year was one.
    fn early_year(&mut self, cx: &mut Ctx, directive: u8) -> PyResult<bool> {
        let year = match TupleObj::of(self.tuple).and_then(|t| t.items().first().copied()) {
            Some(y) => y,
            None => vm::get_item(cx, self.tuple, Value::small(0))?,
        };
        let mut year = vm::index_i64(cx, year, Ty::OverflowError)?;
        if year >= 1000 {
            return Ok(false);
        }
        if directive == b'G' {
            let f = vm::import_attr(cx, "time", "strftime")?;
            let g = cx.str("%G");
            let shown = vm::call(cx, f, &[g, self.tuple])?;
            let int = cx.ty(Ty::Int).value();
            let n = vm::call(cx, int, &[shown])?;
            year = IntRef::of(n).and_then(IntRef::to_i64).unwrap_or(year);
        }
        match directive {
            b'C' => self.out.push_str(&format!("{:02}", year / 100)),
            b'F' => self.out.push_str(&format!("{year:04}-%m-%d")),
            _ => self.out.push_str(&format!("{year:04}")),
        }
        Ok(true)
    }

    /// The characters of a format, with what the C library does not know replaced.
    fn scan(&mut self, cx: &mut Ctx, format: StrRef<'_>) -> PyResult<()> {
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            if c != u32::from(b'%') {
                self.out.push(c);
                continue;
            }
            let Some(d) = chars.next() else {
                self.out.push(c);
                break;
            };
            match u8::try_from(d).unwrap_or(0) {
                b'f' => self.out.push_str(&format!("{:06}", zone_and_us(self.object).1)),
                b'z' => self.offset(cx, "")?,
                b'Z' => self.zone_name(cx)?,
                b':' => match chars.next() {
                    Some(z) if z == u32::from(b'z') => self.offset(cx, ":")?,
                    next => {
                        self.out.push_str("%:");
                        if let Some(next) = next {
                            self.out.push(next);
                        }
                    }
                },
                y @ (b'Y' | b'G' | b'F' | b'C') if self.early_year(cx, y)? => {}
                _ => {
                    self.out.push(c);
                    self.out.push(d);
                }
            }
        }
        Ok(())
    }
}

/// `time.strftime(format, tuple)` with the directives that need the object: `%f`, `%z`, `%:z` and `%Z`. `arg`: what methods of the
/// time zone get.
pub fn strftime(cx: &mut Ctx, object: Value, format: Value, tuple: Value, arg: Value) -> PyResult {
    let Some(s) = StrObj::of(format) else { return Err(cx.type_error("not a str")) };
    let mut run = Run { object, arg, tuple, out: StrBuf::with_capacity(s.len() + 16) };
    run.scan(cx, s.str_ref())?;
    let f = vm::import_attr(cx, "time", "strftime")?;
    let format = cx.str_buf(run.out)?;
    vm::call(cx, f, &[format, tuple])
}
