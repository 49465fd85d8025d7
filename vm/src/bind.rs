//! Binding of arguments by hand, for native constructors and calls that have no declared signature.

use crate::ops::str_text;
use protocore::{Args, Ctx, PyResult, Value};

/// The arguments of a call in the order of `params`; those left out are unbound. TypeError, in the words of CPython's argument
/// parser, for too many, for unknown names and for what is given twice. A function without a name is "function".
pub fn bind_arguments<const N: usize>(
    cx: &mut Ctx,
    function: &str,
    params: &[&str; N],
    args: Args<'_>,
) -> PyResult<[Value; N]> {
    let mut out = [Value::UNBOUND; N];
    let total = args.all().len();
    let called = |nameless: &str| match function {
        "" => nameless.to_owned(),
        f => format!("{f}()"),
    };
    if total > N {
        let s = if N == 1 { "" } else { "s" };
        let f = called("function");
        return Err(cx.type_error(&format!("{f} takes at most {N} argument{s} ({total} given)")));
    }
    out[..args.pos().len()].copy_from_slice(args.pos());
    for (n, v) in args.kw() {
        let name = str_text(cx, n)?;
        match params.iter().position(|p| *p == name) {
            Some(i) if out[i].is_unbound() => out[i] = v,
            Some(i) => {
                let at = i + 1;
                let f = called("function");
                let msg = format!("argument for {f} given by name ('{name}') and position ({at})");
                return Err(cx.type_error(&msg));
            }
            None => {
                let f = called("this function");
                let msg = format!("{f} got an unexpected keyword argument '{name}'");
                return Err(cx.type_error(&msg));
            }
        }
    }
    Ok(out)
}

/// As [`bind_arguments`]; TypeError if any is left out.
pub fn bind_all_arguments<const N: usize>(
    cx: &mut Ctx,
    function: &str,
    params: &[&str; N],
    args: Args<'_>,
) -> PyResult<[Value; N]> {
    let out = bind_arguments(cx, function, params, args)?;
    if let Some(i) = out.iter().position(|v| v.is_unbound()) {
        let msg = format!("{function}() missing required argument '{}' (pos {})", params[i], i + 1);
        return Err(cx.type_error(&msg));
    }
    Ok(out)
}
