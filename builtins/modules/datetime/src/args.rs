//! Arguments as CPython's C functions take them: numbers that fit a C int, time zones, keyword arguments of constructors.

use crate::Family;
use protopy_vm::protocore::layouts::{IntRef, StrObj};
use protopy_vm::protocore::{Args, Ctx, PyResult, Raised, Ty, Value};
use protopy_vm::{self as vm, index, suggest};

/// A C int; the words of a format that says `i`.
#[inline]
pub fn int(cx: &mut Ctx, v: Value) -> PyResult<i32> {
    if let Some(n) = v.as_small().and_then(|n| i32::try_from(n).ok()) {
        return Ok(n);
    }
    let n = index(cx, v)?;
    match IntRef::of(n).and_then(IntRef::to_i64) {
        None => Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C long")),
        Some(n) => match i32::try_from(n) {
            Ok(n) => Ok(n),
            Err(_) if n > 0 => Err(cx.raise_str(Ty::OverflowError, "signed integer is greater than maximum")),
            Err(_) => Err(cx.raise_str(Ty::OverflowError, "signed integer is less than minimum")),
        },
    }
}

/// A C int; the words of a direct conversion.
#[inline]
pub fn c_int(cx: &mut Ctx, v: Value) -> PyResult<i32> {
    if let Some(n) = v.as_small().and_then(|n| i32::try_from(n).ok()) {
        return Ok(n);
    }
    let n = index(cx, v)?;
    match IntRef::of(n).and_then(IntRef::to_i64).and_then(|n| i32::try_from(n).ok()) {
        Some(n) => Ok(n),
        None => Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C int")),
    }
}

/// A name as messages show it: None for None.
pub fn shown_type(cx: &mut Ctx, v: Value) -> String {
    if v.is_none() { "None".to_owned() } else { vm::tp_name(cx, v) }
}

/// A str argument of a method.
pub fn text(cx: &mut Ctx, v: Value, method: &str, position: usize) -> PyResult<&'static StrObj> {
    match StrObj::of(v) {
        Some(s) => Ok(s),
        None => {
            let msg = format!("{method}() argument {position} must be str, not {}", shown_type(cx, v));
            Err(cx.type_error(&msg))
        }
    }
}

/// Checks a time zone argument: None or an instance of tzinfo.
#[inline]
pub fn check_zone(cx: &mut Ctx, f: &Family, tz: Value) -> PyResult<()> {
    if tz.is_none() || is_zone(cx, f, tz) {
        return Ok(());
    }
    Err(bad_zone(cx, tz))
}

#[cold]
fn bad_zone(cx: &mut Ctx, tz: Value) -> Raised {
    let msg =
        format!("tzinfo argument must be None or of a tzinfo subclass, not type '{}'", vm::tp_name(cx, tz));
    cx.type_error(&msg)
}

/// Whether a value is an instance of tzinfo.
#[inline]
pub fn is_zone(cx: &Ctx, f: &Family, tz: Value) -> bool {
    f.tzinfo.get().is_some_and(|t| cx.type_of(tz).is_subtype(t))
}

/// A function's parameters.
pub struct Params {
    /// How messages name it: empty for "function".
    pub function: &'static str,
    /// Names, in order.
    pub names: &'static [&'static str],
    /// How many are required.
    pub required: usize,
    /// How many may be given by position.
    pub positional: usize,
}

impl Params {
    fn called(&self) -> String {
        if self.function.is_empty() { "function".to_owned() } else { format!("{}()", self.function) }
    }

    fn plural(n: usize) -> &'static str {
        if n == 1 { "" } else { "s" }
    }

    /// Hands each argument that was given to `each`, in order, with its number.
    pub fn parse(
        &self,
        cx: &mut Ctx,
        args: Args<'_>,
        mut each: impl FnMut(&mut Ctx, usize, Value) -> PyResult<()>,
    ) -> PyResult<()> {
        let (total, pos) = (args.all().len(), args.pos());
        let most = self.names.len();
        if total > most {
            let kind = if pos.is_empty() { "keyword " } else { "" };
            let msg = format!(
                "{} takes at most {most} {kind}argument{} ({total} given)",
                self.called(),
                Self::plural(most)
            );
            return Err(cx.type_error(&msg));
        }
        if pos.len() > self.positional {
            let n = self.positional;
            let msg = format!(
                "{} takes at most {n} positional argument{} ({} given)",
                self.called(),
                Self::plural(n),
                pos.len()
            );
            return Err(cx.type_error(&msg));
        }
        if args.nkw() == 0 && pos.len() >= self.required {
            for (i, v) in pos.iter().enumerate() {
                each(cx, i, *v)?;
            }
            return Ok(());
        }
        self.parse_named(cx, args, &mut each)
    }

    fn parse_named(
        &self,
        cx: &mut Ctx,
        args: Args<'_>,
        each: &mut dyn FnMut(&mut Ctx, usize, Value) -> PyResult<()>,
    ) -> PyResult<()> {
        let named =
            |n: &str| args.kw().find(|(k, _)| StrObj::of(*k).is_some_and(|k| k.eq_str(n))).map(|p| p.1);
        for (i, n) in self.names.iter().enumerate() {
            let by_name = named(n);
            match (args.pos().get(i), by_name) {
                (Some(_), Some(_)) => {
                    let of = if self.function.is_empty() { "function" } else { &self.called() };
                    let msg = format!("argument for {of} given by name ('{n}') and position ({})", i + 1);
                    return Err(cx.type_error(&msg));
                }
                (Some(v), None) => each(cx, i, *v)?,
                (None, Some(v)) => each(cx, i, v)?,
                (None, None) if i < self.required => {
                    let msg = format!("{} missing required argument '{n}' (pos {})", self.called(), i + 1);
                    return Err(cx.type_error(&msg));
                }
                (None, None) => {}
            }
        }
        let unknown =
            args.kw().find(|(k, _)| !StrObj::of(*k).is_some_and(|k| self.names.iter().any(|n| k.eq_str(n))));
        match unknown {
            Some((k, _)) => Err(self.unexpected(cx, k)),
            None => Ok(()),
        }
    }

    #[cold]
    fn unexpected(&self, cx: &mut Ctx, k: Value) -> Raised {
        let k = StrObj::of(k).map_or_else(String::new, StrObj::to_string_lossy);
        let of = if self.function.is_empty() { "this function".to_owned() } else { self.called() };
        let mut msg = format!("{of} got an unexpected keyword argument '{k}'");
        if let Some(best) = suggest::closest(&k, self.names.iter().copied()) {
            msg.push_str(&format!(". Did you mean '{best}'?"));
        }
        cx.type_error(&msg)
    }
}
