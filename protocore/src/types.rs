//! Type objects and their slots.
//!
//! A type carries a table of function pointers, one for each special method that the runtime calls. A
//! builtin type fills it natively; a Python class gets generic functions that look the method up and call
//! it (`vm`). Attributes live in an ordinary dict; every change of it goes through `vm`, which updates the slots of the
//! class and its subclasses and gives them new versions.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::header::{Header, Layout, ShapeId};
use crate::slot::{FnCell, Slot};
use crate::value::Value;
use crate::{PyResult, trace::LayoutVt};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// One operand, one result.
pub type UnaryFn = fn(&mut Ctx, Value) -> PyResult;
/// Two operands; for operators either may be the type's own.
pub type BinaryFn = fn(&mut Ctx, Value, Value) -> PyResult;
/// `pow(a, b, c)`; `c` is None if absent.
pub type TernaryFn = fn(&mut Ctx, Value, Value, Value) -> PyResult;
/// Truth.
pub type InquiryFn = fn(&mut Ctx, Value) -> PyResult<bool>;
/// Length.
pub type LenFn = fn(&mut Ctx, Value) -> PyResult<usize>;
/// Hash; never -1.
pub type HashFn = fn(&mut Ctx, Value) -> PyResult<i64>;
/// Rich comparison; may answer NotImplemented.
pub type CompareFn = fn(&mut Ctx, Value, Value, CmpOp) -> PyResult;
/// Next item; `None` when exhausted.
pub type NextFn = fn(&mut Ctx, Value) -> PyResult<Option<Value>>;
/// Attribute read: object, name (a str).
pub type GetAttrFn = fn(&mut Ctx, Value, Value) -> PyResult;
/// Attribute write, or deletion for `None`.
pub type SetAttrFn = fn(&mut Ctx, Value, Value, Option<Value>) -> PyResult<()>;
/// `descriptor.__get__(object or nothing, type)`.
pub type DescrGetFn = fn(&mut Ctx, Value, Option<Value>, Value) -> PyResult;
/// Call.
pub type CallFn = fn(&mut Ctx, Value, Args<'_>) -> PyResult;
/// `__init__`.
pub type InitFn = fn(&mut Ctx, Value, Args<'_>) -> PyResult<()>;
/// `__new__`: the type, then the arguments.
pub type NewFn = fn(&mut Ctx, Value, Args<'_>) -> PyResult;
/// Membership.
pub type ContainsFn = fn(&mut Ctx, Value, Value) -> PyResult<bool>;
/// Finalizer.
pub type DelFn = fn(&mut Ctx, Value) -> PyResult<()>;
/// Buffer export: object, whether it must be writable.
pub type BufferFn = fn(&mut Ctx, Value, bool) -> PyResult<crate::buffer::Buffer>;

/// Comparison operator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum CmpOp {
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl CmpOp {
    /// The operator with operands exchanged.
    pub const fn swapped(self) -> CmpOp {
        match self {
            CmpOp::Lt => CmpOp::Gt,
            CmpOp::Le => CmpOp::Ge,
            CmpOp::Gt => CmpOp::Lt,
            CmpOp::Ge => CmpOp::Le,
            same => same,
        }
    }

    /// What the operator says of an ordering.
    pub const fn holds(self, o: std::cmp::Ordering) -> bool {
        use std::cmp::Ordering::{Equal, Greater, Less};
        match self {
            CmpOp::Lt => matches!(o, Less),
            CmpOp::Le => matches!(o, Less | Equal),
            CmpOp::Eq => matches!(o, Equal),
            CmpOp::Ne => !matches!(o, Equal),
            CmpOp::Gt => matches!(o, Greater),
            CmpOp::Ge => matches!(o, Greater | Equal),
        }
    }

    /// The operator as written.
    pub const fn symbol(self) -> &'static str {
        match self {
            CmpOp::Lt => "<",
            CmpOp::Le => "<=",
            CmpOp::Eq => "==",
            CmpOp::Ne => "!=",
            CmpOp::Gt => ">",
            CmpOp::Ge => ">=",
        }
    }
}

/// Calls the given macro with the list of all slots: field and function type.
#[macro_export]
macro_rules! for_each_slot {
    ($m:ident) => {
        $m! {
            new: NewFn, init: InitFn, call: CallFn, del: DelFn,
            repr: UnaryFn, str: UnaryFn, hash: HashFn, compare: CompareFn,
            getattro: GetAttrFn, setattro: SetAttrFn,
            descr_get: DescrGetFn, descr_set: SetAttrFn,
            iter: UnaryFn, iternext: NextFn,
            am_await: UnaryFn, am_aiter: UnaryFn, am_anext: UnaryFn,
            len: LenFn, getitem: BinaryFn, setitem: SetAttrFn, contains: ContainsFn,
            sq_concat: BinaryFn, sq_repeat: BinaryFn, sq_iconcat: BinaryFn, sq_irepeat: BinaryFn,
            bool: InquiryFn, int: UnaryFn, float: UnaryFn, index: UnaryFn,
            neg: UnaryFn, pos: UnaryFn, abs: UnaryFn, invert: UnaryFn,
            add: BinaryFn, sub: BinaryFn, mul: BinaryFn, matmul: BinaryFn,
            truediv: BinaryFn, floordiv: BinaryFn, modulo: BinaryFn, divmod: BinaryFn,
            pow: TernaryFn, lshift: BinaryFn, rshift: BinaryFn,
            and: BinaryFn, or: BinaryFn, xor: BinaryFn,
            iadd: BinaryFn, isub: BinaryFn, imul: BinaryFn, imatmul: BinaryFn,
            itruediv: BinaryFn, ifloordiv: BinaryFn, imodulo: BinaryFn, ipow: TernaryFn,
            ilshift: BinaryFn, irshift: BinaryFn, iand: BinaryFn, ior: BinaryFn, ixor: BinaryFn,
            buffer: BufferFn,
        }
    };
}

macro_rules! define_slots {
    ($($name:ident: $ty:ident,)*) => {
        /// The slots of a type. `setitem` and `setattro` delete when the value is `None`; `sq_*` are the sequence
        /// forms of `+` and `*`, tried after the number forms as CPython does.
        #[allow(missing_docs)]
        pub struct Slots {
            $(pub $name: FnCell<$ty>,)*
        }

        impl Slots {
            /// No slot filled.
            pub const fn empty() -> Slots {
                Slots { $($name: FnCell::none(),)* }
            }

            /// Fills what is empty here from a base.
            pub fn inherit_missing(&self, base: &Slots) {
                $(if self.$name.address() == 0 { self.$name.copy_from(&base.$name); })*
            }

            /// Copies every slot.
            pub fn copy_all(&self, from: &Slots) {
                $(self.$name.copy_from(&from.$name);)*
            }
        }

        /// Slots of a builtin type as a constant; what is `None` is inherited.
        #[derive(Clone, Copy)]
        #[allow(missing_docs)]
        pub struct SlotSpec {
            $(pub $name: Option<$ty>,)*
        }

        impl SlotSpec {
            /// All inherited: `SlotSpec { repr: Some(f), ..SlotSpec::NONE }`.
            pub const NONE: SlotSpec = SlotSpec { $($name: None,)* };

            /// Writes what is given into a table.
            pub fn install(&self, into: &Slots) {
                $(if self.$name.is_some() { into.$name.set(self.$name); })*
            }
        }
    };
}

for_each_slot!(define_slots);

/// Type flags.
#[allow(missing_docs)]
pub mod type_flags {
    /// May be subclassed.
    pub const BASETYPE: u64 = 1 << 0;
    /// Created by a class statement or `type()`: attributes may be set.
    pub const HEAP: u64 = 1 << 1;
    /// Weak references to instances are allowed.
    pub const WEAKREF: u64 = 1 << 2;
    /// Instances have a `__dict__`.
    pub const DICT: u64 = 1 << 3;
    /// Abstract: has `__abstractmethods__`.
    pub const ABSTRACT: u64 = 1 << 4;
    /// Matches sequence patterns.
    pub const SEQUENCE: u64 = 1 << 5;
    /// Matches mapping patterns.
    pub const MAPPING: u64 = 1 << 6;
    /// `T(...)` is not allowed ("cannot create 'x' instances").
    pub const NO_NEW: u64 = 1 << 7;
    /// A positional class pattern matches the subject itself (int, str, …).
    pub const MATCH_SELF: u64 = 1 << 8;
    /// Attributes cannot be set though the type was made by a class statement.
    pub const IMMUTABLE: u64 = 1 << 9;
    /// A function of this type binds as a method (`LoadMethod` fast path).
    pub const METHOD_DESCRIPTOR: u64 = 1 << 10;
    /// `__getattribute__`, `__getattr__` are the generic ones: inline caches may be used.
    pub const GENERIC_GETATTR: u64 = 1 << 11;
    /// `__setattr__`, `__delattr__` are the generic ones.
    pub const GENERIC_SETATTR: u64 = 1 << 12;
    /// The class or a base defines `__del__` in Python.
    pub const HAS_DEL: u64 = 1 << 13;
    /// Set while the type is fully initialised.
    pub const READY: u64 = 1 << 14;
    /// A metaclass (subclass of `type`).
    pub const TYPE_SUBCLASS: u64 = 1 << 15;
    /// A subclass of BaseException.
    pub const EXCEPTION: u64 = 1 << 16;
    /// Instances hold more than the base's: two such bases of one class conflict.
    pub const SOLID: u64 = 1 << 17;
    /// Made by a program: freed when neither it nor an instance is referred to. Other types live as long as their space.
    pub const COLLECTABLE: u64 = 1 << 18;
}

/// A type object.
#[repr(C)]
pub struct TypeObj {
    /// Header; its shape's class is the metaclass.
    pub header: Header,
    /// `__name__` (str).
    pub name: Slot,
    /// `__qualname__` (str).
    pub qualname: Slot,
    /// `__base__` (type), empty for object.
    pub base: Slot,
    /// `__bases__` (tuple).
    pub bases: Slot,
    /// `__mro__` (tuple).
    pub mro: Slot,
    /// Namespace (dict).
    pub dict: Slot,
    /// List of weak references to direct subclasses.
    pub subclasses: Slot,
    /// `__doc__` of a builtin type.
    pub doc: Slot,
    /// What a family of native types attaches to a class (`_ctypes`: its layout in C), if any.
    pub attached: Slot,
    /// Tuple of the names in `__slots__` that this class itself adds.
    pub slot_names: Slot,
    /// Changes whenever an attribute lookup on the class may give another result; 0 = not cacheable.
    pub version: AtomicU32,
    /// Shape of a new instance.
    pub root_shape: AtomicU32,
    /// Head of the list of this class's shapes (`Shape::next_in_class`).
    pub first_shape: AtomicU32,
    /// Shape of instances whose attributes are in a dict; 0 until one is needed.
    pub dict_shape: AtomicU32,
    /// Instance layout.
    pub layout: Layout,
    /// Byte offset of the attribute area in instances (overflow word, then inline slots); 0 = none.
    pub attr_base: u32,
    /// Inline attribute slots of instances.
    pub inline_cap: u32,
    /// Bytes of an instance (without variable part).
    pub basic_size: u32,
    /// `type_flags`
    pub flags: AtomicU64,
    /// How instances are traced and dropped.
    pub vt: &'static LayoutVt,
    /// Slots.
    pub slots: Slots,
}

impl TypeObj {
    /// Whether any of the flag bits is set.
    #[inline(always)]
    pub fn has(&self, flag: u64) -> bool {
        self.flags.load(Ordering::Relaxed) & flag != 0
    }

    /// Sets or clears flag bits.
    pub fn set_flag(&self, flag: u64, on: bool) {
        if on {
            self.flags.fetch_or(flag, Ordering::AcqRel);
        } else {
            self.flags.fetch_and(!flag, Ordering::AcqRel);
        }
    }

    /// The type as a value.
    #[inline(always)]
    pub fn value(&self) -> Value {
        Value::from_ref(self)
    }

    /// Shape of a new instance.
    #[inline(always)]
    pub fn root_shape(&self) -> ShapeId {
        ShapeId(self.root_shape.load(Ordering::Relaxed))
    }

    /// `issubclass(self, other)` by the MRO.
    pub fn is_subtype(&self, other: Value) -> bool {
        if self.value().is(other) {
            return true;
        }
        match self.mro.get().and_then(crate::layouts::TupleObj::of) {
            Some(mro) => mro.items().contains(&other),
            None => {
                let mut base = self.base.get();
                while let Some(b) = base {
                    if b.is(other) {
                        return true;
                    }
                    base = TypeObj::of(b).and_then(|t| t.base.get());
                }
                false
            }
        }
    }

    /// The type object behind a value, if it is one.
    #[inline(always)]
    pub fn of(v: Value) -> Option<&'static TypeObj> {
        if v.layout() == Layout::Type {
            // SAFETY: the layout byte says so; see `Value::header` for the lifetime.
            Some(unsafe { &*v.ptr::<TypeObj>() })
        } else {
            None
        }
    }
}
