//! Arguments of the constructors in `_typing`, whose error messages name them in lower case: `typevar()`.

use protocore::layouts::StrObj;
use protocore::{Args, Ctx, PyResult, Raised, Value};

/// The parameters of a constructor.
pub struct Params {
    /// Its name in messages.
    pub function: &'static str,
    /// Parameters that can be given by position, all of them required.
    pub positional: &'static [&'static str],
    /// Further parameters, by keyword only.
    pub keyword: &'static [&'static str],
    /// Whether more positional arguments are taken.
    pub variadic: bool,
    /// Wording for too many positional arguments: "exactly" or "at most".
    pub takes: &'static str,
}

/// The arguments in the order of the parameters; `None` for those left out. `N` is the number of parameters.
pub fn bind<const N: usize>(cx: &mut Ctx, p: &Params, args: Args<'_>) -> PyResult<[Option<Value>; N]> {
    let mut out = [None; N];
    let npos = p.positional.len();
    if args.pos().len() > npos && !p.variadic {
        return Err(too_many(cx, p, args.pos().len()));
    }
    for (o, v) in out.iter_mut().zip(args.pos().iter().take(npos)) {
        *o = Some(*v);
    }
    // In the order in which CPython finds them: what is missing, what is given twice, what is unknown.
    let (mut unknown, mut twice) = (None, None);
    for (n, v) in args.kw() {
        let Some(name) = StrObj::of(n) else { continue };
        let all = p.positional.iter().chain(p.keyword);
        let Some((i, found)) = all.enumerate().find(|(_, x)| name.eq_str(x)) else {
            unknown = unknown.or(Some(n));
            continue;
        };
        let Some(o) = out.get_mut(i) else { continue };
        if o.is_some() {
            twice = twice.or(Some((i, *found)));
        }
        *o = Some(v);
    }
    for (i, n) in p.positional.iter().enumerate() {
        if out.get(i).is_some_and(Option::is_none) {
            let msg = format!("{}() missing required argument '{n}' (pos {})", p.function, i + 1);
            return Err(cx.type_error(&msg));
        }
    }
    if let Some((i, n)) = twice {
        let msg = format!("argument for {}() given by name ('{n}') and position ({})", p.function, i + 1);
        return Err(cx.type_error(&msg));
    }
    match unknown.and_then(StrObj::of) {
        Some(n) => {
            let n = n.to_string_lossy();
            Err(cx.type_error(&format!("{}() got an unexpected keyword argument '{n}'", p.function)))
        }
        None => Ok(out),
    }
}

#[cold]
fn too_many(cx: &mut Ctx, p: &Params, given: usize) -> Raised {
    let n = p.positional.len();
    let s = if n == 1 { "" } else { "s" };
    // A function that takes nothing by keyword alone does not mention positions.
    let kind = if p.keyword.is_empty() { "" } else { "positional " };
    cx.type_error(&format!("{}() takes {} {n} {kind}argument{s} ({given} given)", p.function, p.takes))
}

/// The argument `name`, which must be a str.
pub fn name_arg(cx: &mut Ctx, p: &Params, v: Option<Value>) -> PyResult {
    let v = v.unwrap_or(Value::NONE);
    if StrObj::of(v).is_some() {
        return Ok(v);
    }
    let t = if v.is_none() { "None".to_owned() } else { cx.type_name(v) };
    Err(cx.type_error(&format!("{}() argument 'name' must be str, not {t}", p.function)))
}
