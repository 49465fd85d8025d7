//! The functions of the module `builtins` that no type family owns.

mod eval;
mod output;

pub use eval::COMPILE_FUNCTIONS;
pub use output::OUTPUT_FUNCTIONS;

use protopy_vm::methods;
use protopy_vm::names::{N, name};
use protopy_vm::ops::BinOp;
use protopy_vm::protocore::layouts::{MethodDef, StrObj, TupleObj};
use protopy_vm::protocore::{Args, Ctx, PyResult, Ty, TypeObj, Value};
use protopy_vm::{self as vm};

/// The functions.
pub static FUNCTIONS: &[MethodDef] = methods![functions:
    /// The absolute value of a number.
    "abs(x, /)" => |cx, a| vm::unary_op(cx, vm::UnOp::Abs, a[0]);
    /// As `repr()`, with the characters outside of ASCII escaped.
    "ascii(obj, /)" => |cx, a| vm::ascii(cx, a[0]);
    /// An integer in binary, with prefix `0b`.
    ///
    /// >>> bin(10)
    /// '0b1010'
    "bin(number, /)" => |cx, a| radix(cx, a[0], "#b");
    /// Whether an object can be called.
    "callable(obj, /)" => |cx, a| Ok(Value::bool(vm::callable(cx, a[0])));
    /// The character of a code point.
    "chr(i, /)" => chr;
    /// Deletes a named attribute.
    "delattr(obj, name, /)" => delattr;
    /// The names in the current scope, or the attributes of an object.
    raw "dir(object=<unrepresentable>, /)" => dir;
    /// Quotient and remainder.
    "divmod(x, y, /)" => |cx, a| vm::binary_op(cx, BinOp::DivMod, a[0], a[1]);
    /// An object as text, by a format specification.
    "format(value, format_spec='', /)" => format;
    /// A named attribute, or a default.
    "getattr(object, name, default=<unrepresentable>, /)" => getattr;
    /// The global variables of the current scope.
    "globals()" => |cx, _| Ok(vm::frames::current_globals(cx).unwrap_or(Value::NONE));
    /// Whether an object has an attribute.
    "hasattr(obj, name, /)" => hasattr;
    /// The hash of an object.
    "hash(obj, /)" => hash;
    /// An integer in hexadecimal, with prefix `0x`.
    ///
    /// >>> hex(-255)
    /// '-0xff'
    "hex(number, /)" => |cx, a| radix(cx, a[0], "#x");
    /// The identity of an object.
    "id(obj, /)" => id;
    /// Whether an object is an instance of a class or of one of a tuple of classes.
    "isinstance(obj, class_or_tuple, /)" => |cx, a| Ok(Value::bool(vm::is_instance(cx, a[0], a[1])?));
    /// Whether a class is derived from another class or one of a tuple of classes.
    "issubclass(cls, class_or_tuple, /)" => |cx, a| Ok(Value::bool(vm::is_subclass(cx, a[0], a[1])?));
    /// The number of items.
    "len(obj, /)" => len;
    /// The local variables of the current scope.
    "locals()" => |cx, _| vm::frames::current_locals(cx);
    /// An integer in octal, with prefix `0o`.
    ///
    /// >>> oct(64)
    /// '0o100'
    "oct(number, /)" => |cx, a| radix(cx, a[0], "#o");
    /// The code point of a character.
    "ord(character, /)" => ord;
    /// `base ** exp`, or its remainder by `mod`.
    "pow(base, exp, mod=None)" => |cx, a| vm::power(cx, a[0], a[1], a[2]);
    /// The canonical text of an object.
    "repr(obj, /)" => |cx, a| vm::repr(cx, a[0]);
    /// A number rounded to a number of digits.
    "round(number, ndigits=None)" => round;
    /// Sets a named attribute.
    "setattr(obj, name, value, /)" => setattr;
    /// The `__dict__` of an object, or the local variables.
    raw "vars(object=<unrepresentable>, /)" => vars;
    /// Makes a class; what a class statement calls.
    raw "__build_class__(func, name, /, *bases, metaclass=<unrepresentable>, **kwds)" => vm::types::build::builtin_build_class;
    /// Imports a module; what an import statement calls.
    "__import__(name, globals=None, locals=None, fromlist=(), level=0)" => import;
    /// The asynchronous iterator of an asynchronous iterable.
    "aiter(async_iterable, /)" => aiter;
    /// The next item of an asynchronous iterator.
    "anext(async_iterator, default=<unrepresentable>, /)" => anext;
    /// Enters the debugger that `sys.breakpointhook` stands for.
    raw "breakpoint(*args, **kws)" => breakpoint;
];

fn radix(cx: &mut Ctx, v: Value, spec: &str) -> PyResult {
    let n = vm::index(cx, v)?;
    let spec = cx.str(spec);
    vm::format(cx, n, spec)
}

fn chr(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = vm::index_clamped(cx, a[0])?;
    match u32::try_from(n) {
        Ok(c) if c <= 0x10_ffff => Ok(cx.char(c)),
        _ => Err(cx.value_error("chr() arg not in range(0x110000)")),
    }
}

fn ord(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if let Some(s) = StrObj::of(a[0]) {
        return match (s.len(), s.str_ref().get(0)) {
            (1, Some(c)) => Ok(Value::small(i64::from(c))),
            (n, _) => {
                let msg = format!("ord() expected a character, but string of length {n} found");
                Err(cx.type_error(&msg))
            }
        };
    }
    if cx.is_instance(a[0], Ty::Bytes) || cx.is_instance(a[0], Ty::ByteArray) {
        let n = vm::len(cx, a[0])?;
        if n == 1 {
            return vm::get_item(cx, a[0], Value::small(0));
        }
        let msg = format!("ord() expected a character, but string of length {n} found");
        return Err(cx.type_error(&msg));
    }
    let msg = format!("ord() expected string of length 1, but {} found", protopy_vm::ops::tp_name(cx, a[0]));
    Err(cx.type_error(&msg))
}

fn delattr(cx: &mut Ctx, a: &[Value]) -> PyResult {
    vm::set_attr(cx, a[0], a[1], None)?;
    Ok(Value::NONE)
}

fn setattr(cx: &mut Ctx, a: &[Value]) -> PyResult {
    vm::set_attr(cx, a[0], a[1], Some(a[2]))?;
    Ok(Value::NONE)
}

fn getattr(cx: &mut Ctx, a: &[Value]) -> PyResult {
    match a[2].bound() {
        None => vm::get_attr(cx, a[0], a[1]),
        Some(default) => Ok(vm::lookup_attr(cx, a[0], a[1])?.unwrap_or(default)),
    }
}

fn hasattr(cx: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(Value::bool(vm::lookup_attr(cx, a[0], a[1])?.is_some()))
}

fn format(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let spec = match a[1].bound() {
        Some(s) if StrObj::of(s).is_some() => s,
        Some(s) => {
            let msg = format!("format() argument 2 must be str, not {}", protopy_vm::ops::tp_name(cx, s));
            return Err(cx.type_error(&msg));
        }
        None => name(cx, N::Empty),
    };
    vm::format(cx, a[0], spec)
}

fn hash(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let h = vm::hash(cx, a[0])?;
    Ok(cx.int(h))
}

fn id(cx: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(cx.int_u64(a[0].bits()))
}

fn len(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = vm::len(cx, a[0])?;
    Ok(cx.int_usize(n))
}

fn round(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = name(cx, N::Round);
    let Some(m) = vm::lookup_special_name(cx, a[0], n)? else {
        let msg = format!("type {} doesn't define __round__ method", protopy_vm::ops::tp_name(cx, a[0]));
        return Err(cx.type_error(&msg));
    };
    if a[1].is_none() { vm::call(cx, m, &[]) } else { vm::call(cx, m, &[a[1]]) }
}

fn dir(cx: &mut Ctx, _this: Value, args: Args<'_>) -> PyResult {
    let Some(obj) = single(cx, "dir", args)? else {
        let locals = vm::frames::current_locals(cx)?;
        let keys = vm::call_method(cx, locals, "keys", &[])?;
        return sorted_list(cx, keys);
    };
    let n = name(cx, N::Dir);
    match vm::lookup_special_name(cx, obj, n)? {
        Some(m) => {
            let names = vm::call(cx, m, &[])?;
            sorted_list(cx, names)
        }
        None => Err(cx.type_error("object does not provide __dir__")),
    }
}

fn single(cx: &mut Ctx, fname: &str, args: Args<'_>) -> PyResult<Option<Value>> {
    if args.names().is_some() {
        let msg = format!("{fname}() takes no keyword arguments");
        return Err(cx.type_error(&msg));
    }
    match args.pos() {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        many => {
            let msg = format!("{fname} expected at most 1 argument, got {}", many.len());
            Err(cx.type_error(&msg))
        }
    }
}

fn sorted_list(cx: &mut Ctx, items: Value) -> PyResult {
    let list = vm::to_vec(cx, items)?.into_list();
    vm::call_method(cx, list, "sort", &[])?;
    Ok(list)
}

fn vars(cx: &mut Ctx, _this: Value, args: Args<'_>) -> PyResult {
    let Some(obj) = single(cx, "vars", args)? else { return vm::frames::current_locals(cx) };
    let n = name(cx, N::Dict);
    match vm::lookup_attr(cx, obj, n)? {
        Some(d) => Ok(d),
        None => Err(cx.type_error("vars() argument must have __dict__ attribute")),
    }
}

fn import(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let level = match a[4].bound() {
        Some(l) => vm::index_i64(cx, l, Ty::OverflowError)?,
        None => 0,
    };
    let fromlist = a[3].bound().unwrap_or(Value::NONE);
    vm::imports::import_module(cx, a[0], a[1], fromlist, level)
}

fn aiter(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let Some(f) = cx.type_of(a[0]).slots.am_aiter.get() else {
        let msg = format!("'{}' object is not an async iterable", protopy_vm::ops::tp_name(cx, a[0]));
        return Err(cx.type_error(&msg));
    };
    let it = f(cx, a[0])?;
    if cx.type_of(it).slots.am_anext.address() == 0 {
        let msg =
            format!("aiter() returned not an async iterator of type '{}'", protopy_vm::ops::tp_name(cx, it));
        return Err(cx.type_error(&msg));
    }
    Ok(it)
}

fn anext(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let Some(f) = cx.type_of(a[0]).slots.am_anext.get() else {
        let msg = format!("'{}' object is not an async iterator", protopy_vm::ops::tp_name(cx, a[0]));
        return Err(cx.type_error(&msg));
    };
    let awaitable = f(cx, a[0])?;
    match a[1].bound() {
        None => Ok(awaitable),
        Some(default) => Ok(crate::functions::anext_awaitable(cx, awaitable, default)),
    }
}

fn breakpoint(cx: &mut Ctx, _this: Value, args: Args<'_>) -> PyResult {
    match vm::lookup_sys(cx, "breakpointhook") {
        Some(hook) => vm::call_args(cx, hook, args),
        None => Err(cx.raise_str(Ty::RuntimeError, "lost sys.breakpointhook")),
    }
}

/// A type as text `module.qualname`, for other parts of this crate.
pub fn type_text(t: &TypeObj) -> String {
    vm::errors::type_text(t)
}

/// The items of a tuple argument.
pub fn tuple_items(v: Value) -> &'static [Value] {
    TupleObj::of(v).map_or(&[], |t| t.items())
}
