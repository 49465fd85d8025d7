//! How native functions, attributes, types and modules are declared.
//!
//! A row of [`methods!`](crate::methods) states doc, signature and function. The text signature is the truth: it binds the
//! arguments, words the TypeErrors, and is `__text_signature__`.

use protocore::layouts::MethodDef;
use protocore::types::SlotSpec;
use protocore::{Ctx, Layout, LayoutVt, PyResult, Ty, Value};

/// Reads an attribute.
pub type GetterFn = fn(&mut Ctx, Value) -> PyResult;
/// Writes an attribute, deletes it for `None`.
pub type SetterFn = fn(&mut Ctx, Value, Option<Value>) -> PyResult<()>;

/// A computed attribute of a builtin type.
pub struct GetSetDef {
    /// Name.
    pub name: &'static str,
    /// Documentation.
    pub doc: &'static str,
    /// Reader.
    pub get: GetterFn,
    /// Writer, if there is one.
    pub set: Option<SetterFn>,
    /// Whether it is a plain member: Python sees a `member_descriptor` then.
    pub member: bool,
}

/// A builtin type.
pub struct TypeSpec {
    /// Known type, if it is one.
    pub ty: Option<Ty>,
    /// `__name__`
    pub name: &'static str,
    /// `__module__`
    pub module: &'static str,
    /// Base, if it is a known type and not `object`.
    pub base: Option<Ty>,
    /// Layout of instances.
    pub layout: Layout,
    /// Layout description of native payloads (`<T as NativeLayout>::VT`); `None`: that of the layout.
    pub vt: Option<&'static LayoutVt>,
    /// `type_flags`
    pub flags: u64,
    /// Slots; `None`s are inherited.
    pub slots: SlotSpec,
    /// Methods.
    pub methods: &'static [MethodDef],
    /// Computed attributes.
    pub getsets: &'static [GetSetDef],
    /// Documentation.
    pub doc: &'static str,
    /// Constructor's signature for `__text_signature__`, e.g. `"(iterable=(), /)"`.
    pub sig: Option<&'static str>,
}

impl TypeSpec {
    /// Defaults to start from: `TypeSpec { name: "x", ..TypeSpec::BASE }`.
    pub const BASE: TypeSpec = TypeSpec {
        ty: None,
        name: "",
        module: "builtins",
        base: None,
        layout: Layout::Object,
        vt: None,
        flags: 0,
        slots: SlotSpec::NONE,
        methods: &[],
        getsets: &[],
        doc: "",
        sig: None,
    };
}

/// A native module.
pub struct ModuleSpec {
    /// Name.
    pub name: &'static str,
    /// Documentation.
    pub doc: &'static str,
    /// Functions.
    pub functions: &'static [MethodDef],
    /// Adds what is no function: types, constants, exceptions.
    pub init: Option<fn(&mut Ctx, Value) -> PyResult<()>>,
}

/// The part of a signature before the parenthesis.
pub const fn sig_name(sig: &'static str) -> &'static str {
    let b = sig.as_bytes();
    let mut i = 0;
    while i < b.len() && b[i] != b'(' {
        i += 1;
    }
    match std::str::from_utf8(b.split_at(i).0) {
        Ok(s) => s,
        Err(_) => "",
    }
}

/// The part of a signature from the parenthesis on.
pub const fn sig_params(sig: &'static str) -> &'static str {
    let b = sig.as_bytes();
    let mut i = 0;
    while i < b.len() && b[i] != b'(' {
        i += 1;
    }
    match std::str::from_utf8(b.split_at(i).1) {
        Ok(s) => s,
        Err(_) => "()",
    }
}

/// Rows of native functions: `/// doc` lines, then `[raw] [class | static] "name(params)" => function;`. In a type's table rows are methods;
/// in a module's table start the list with `functions:`.
#[macro_export]
macro_rules! methods {
    (functions: $($rest:tt)*) => { $crate::method_rows!(Function; [] $($rest)*) };
    ($($rest:tt)*) => { $crate::method_rows!(Method; [] $($rest)*) };
}

/// Implementation of [`methods!`](crate::methods).
#[macro_export]
#[doc(hidden)]
macro_rules! method_rows {
    // A static of its own: a description has interior mutability, so a borrowed temporary would not do.
    ($kind:ident; [$($done:expr,)*]) => {{
        static ROWS: [$crate::protocore::layouts::MethodDef; $crate::count_rows!($($done,)*)] = [$($done,)*];
        &ROWS
    }};
    ($kind:ident; [$($done:expr,)*] $(#[doc = $doc:expr])* raw class $sig:literal => $f:expr; $($rest:tt)*) => {
        $crate::method_rows!($kind; [$($done,)* $crate::method_def!(Class, Raw, $sig, $f, $($doc)*),] $($rest)*)
    };
    ($kind:ident; [$($done:expr,)*] $(#[doc = $doc:expr])* raw static $sig:literal => $f:expr; $($rest:tt)*) => {
        $crate::method_rows!($kind; [$($done,)* $crate::method_def!(Static, Raw, $sig, $f, $($doc)*),] $($rest)*)
    };
    ($kind:ident; [$($done:expr,)*] $(#[doc = $doc:expr])* class $sig:literal => $f:expr; $($rest:tt)*) => {
        $crate::method_rows!($kind; [$($done,)* $crate::method_def!(Class, Bound, $sig, $f, $($doc)*),] $($rest)*)
    };
    ($kind:ident; [$($done:expr,)*] $(#[doc = $doc:expr])* static $sig:literal => $f:expr; $($rest:tt)*) => {
        $crate::method_rows!($kind; [$($done,)* $crate::method_def!(Static, Bound, $sig, $f, $($doc)*),] $($rest)*)
    };
    ($kind:ident; [$($done:expr,)*] $(#[doc = $doc:expr])* raw $sig:literal => $f:expr; $($rest:tt)*) => {
        $crate::method_rows!($kind; [$($done,)* $crate::method_def!($kind, Raw, $sig, $f, $($doc)*),] $($rest)*)
    };
    ($kind:ident; [$($done:expr,)*] $(#[doc = $doc:expr])* $sig:literal => $f:expr; $($rest:tt)*) => {
        $crate::method_rows!($kind; [$($done,)* $crate::method_def!($kind, Bound, $sig, $f, $($doc)*),] $($rest)*)
    };
}

/// Number of rows.
#[macro_export]
#[doc(hidden)]
macro_rules! count_rows {
    ($($done:expr,)*) => { <[()]>::len(&[$($crate::count_rows!(@unit $done)),*]) };
    (@unit $done:expr) => { () };
}

/// One native function's description.
#[macro_export]
#[doc(hidden)]
macro_rules! method_def {
    ($kind:ident, $code:ident, $sig:literal, $f:expr, $($doc:expr)*) => {
        $crate::protocore::layouts::MethodDef {
            name: $crate::declare::sig_name($sig),
            sig: $crate::declare::sig_params($sig),
            doc: concat!($($doc, "\n"),*),
            code: $crate::protocore::layouts::NativeCode::$code($f),
            kind: $crate::protocore::layouts::MethodKind::$kind,
            parsed: ::std::sync::OnceLock::new(),
        }
    };
}

/// Rows of computed attributes: `/// doc` lines, then `[member] "name" => getter [, setter];`.
#[macro_export]
macro_rules! getsets {
    ($($rest:tt)*) => { $crate::getset_rows!([] $($rest)*) };
}

/// Implementation of [`getsets!`](crate::getsets).
#[macro_export]
#[doc(hidden)]
macro_rules! getset_rows {
    ([$($done:expr,)*]) => { &[$($done,)*] };
    ([$($done:expr,)*] $(#[doc = $doc:expr])* member $name:literal => $g:expr, $s:expr; $($rest:tt)*) => {
        $crate::getset_rows!([$($done,)* $crate::getset_def!($name, $g, Some($s), true, $($doc)*),] $($rest)*)
    };
    ([$($done:expr,)*] $(#[doc = $doc:expr])* member $name:literal => $g:expr; $($rest:tt)*) => {
        $crate::getset_rows!([$($done,)* $crate::getset_def!($name, $g, None, true, $($doc)*),] $($rest)*)
    };
    ([$($done:expr,)*] $(#[doc = $doc:expr])* $name:literal => $g:expr, $s:expr; $($rest:tt)*) => {
        $crate::getset_rows!([$($done,)* $crate::getset_def!($name, $g, Some($s), false, $($doc)*),] $($rest)*)
    };
    ([$($done:expr,)*] $(#[doc = $doc:expr])* $name:literal => $g:expr; $($rest:tt)*) => {
        $crate::getset_rows!([$($done,)* $crate::getset_def!($name, $g, None, false, $($doc)*),] $($rest)*)
    };
}

/// One computed attribute's description.
#[macro_export]
#[doc(hidden)]
macro_rules! getset_def {
    ($name:literal, $g:expr, $s:expr, $member:literal, $($doc:expr)*) => {
        $crate::declare::GetSetDef {
            name: $name,
            doc: concat!($($doc, "\n"),*),
            get: $g,
            set: $s,
            member: $member,
        }
    };
}
