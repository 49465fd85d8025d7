//! The one list of special methods that fill slots.
//!
//! A row says: the name's number, the name, the slot it fills, how a wrapper of that slot takes its arguments, the generic
//! function that a class defining the name in Python gets, signature and documentation of the wrapper. Several rows
//! may share a slot (`__add__` and `__radd__`; the six comparisons), and `__add__` and `__mul__` also stand for the sequence
//! slots, which have no generic function: a Python class fills the number slot.
//!
//! The order is that in which wrappers are entered into a builtin type's namespace.

use super::generic as g;
use super::slotid::{SlotFn, SlotId};
use protocore::layouts::TupleObj;
use protocore::types::CmpOp;
use protocore::{Ctx, PyResult, Root, Value};

/// How a slot wrapper takes its arguments and calls the slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wrap {
    /// The name has no wrapper.
    No,
    /// No argument.
    Unary,
    /// One argument.
    Binary,
    /// One argument, operands exchanged.
    BinaryR,
    /// One or two arguments.
    Ternary,
    /// One or two arguments, the first two operands exchanged.
    TernaryR,
    /// One argument, converted to an index.
    IndexArg,
    /// Truth.
    Inquiry,
    /// Length.
    Len,
    /// Hash.
    Hash,
    /// Comparison.
    Compare(CmpOp),
    /// Next item or StopIteration.
    Next,
    /// Attribute name.
    GetAttr,
    /// Name and value.
    SetAttr,
    /// Name.
    DelAttr,
    /// Instance and, perhaps, owner.
    DescrGet,
    /// Two arguments: instance or key, and value.
    Set2,
    /// One argument: instance or key.
    Del1,
    /// Any arguments; result.
    Call,
    /// Any arguments; None.
    Init,
    /// Finalizer.
    Del,
    /// Membership.
    Contains,
    /// Flags; a memoryview.
    Buffer,
    /// A memoryview to release.
    ReleaseBuffer,
}

/// A row of the table.
pub struct Dunder {
    /// Number.
    pub id: D,
    /// Name.
    pub name: &'static str,
    /// Slot.
    pub slot: SlotId,
    /// How the wrapper works.
    pub wrap: Wrap,
    /// What a class that defines the name in Python gets.
    pub generic: Option<SlotFn>,
    /// `__text_signature__`
    pub sig: &'static str,
    /// `__doc__`
    pub doc: &'static str,
}

macro_rules! generic {
    (-) => {
        None
    };
    ($ty:ident $f:ident) => {
        Some(SlotFn::$ty(g::$f))
    };
}

macro_rules! dunders {
    ($($id:ident $name:literal $slot:ident [$($wrap:tt)*] ($($gen:tt)*) $sig:literal $doc:literal;)*) => {
        /// A special method name by number.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[allow(missing_docs)]
        #[repr(u8)]
        pub enum D {
            $($id,)*
        }

        /// All rows.
        pub static DUNDERS: &[Dunder] = &[
            $(Dunder {
                id: D::$id,
                name: $name,
                slot: SlotId::$slot,
                wrap: Wrap::$($wrap)*,
                generic: generic!($($gen)*),
                sig: $sig,
                doc: $doc,
            },)*
        ];
    };
}

dunders! {
    New "__new__" new [No] (CallFn slot_new) "" "";
    Repr "__repr__" repr [Unary] (UnaryFn slot_repr) "($self, /)" "Return repr(self).";
    Hash "__hash__" hash [Hash] (HashFn slot_hash) "($self, /)" "Return hash(self).";
    Call "__call__" call [Call] (CallFn slot_call) "($self, /, *args, **kwargs)" "Call self as a function.";
    Str "__str__" str [Unary] (UnaryFn slot_str) "($self, /)" "Return str(self).";
    GetAttribute "__getattribute__" getattro [GetAttr] (GetAttrFn slot_getattr) "($self, name, /)" "Return getattr(self, name).";
    GetAttr "__getattr__" getattro [No] (GetAttrFn slot_getattr) "" "";
    SetAttr "__setattr__" setattro [SetAttr] (SetAttrFn slot_setattr) "($self, name, value, /)" "Implement setattr(self, name, value).";
    DelAttr "__delattr__" setattro [DelAttr] (SetAttrFn slot_setattr) "($self, name, /)" "Implement delattr(self, name).";
    Lt "__lt__" compare [Compare(CmpOp::Lt)] (CompareFn slot_compare) "($self, value, /)" "Return self<value.";
    Le "__le__" compare [Compare(CmpOp::Le)] (CompareFn slot_compare) "($self, value, /)" "Return self<=value.";
    Eq "__eq__" compare [Compare(CmpOp::Eq)] (CompareFn slot_compare) "($self, value, /)" "Return self==value.";
    Ne "__ne__" compare [Compare(CmpOp::Ne)] (CompareFn slot_compare) "($self, value, /)" "Return self!=value.";
    Gt "__gt__" compare [Compare(CmpOp::Gt)] (CompareFn slot_compare) "($self, value, /)" "Return self>value.";
    Ge "__ge__" compare [Compare(CmpOp::Ge)] (CompareFn slot_compare) "($self, value, /)" "Return self>=value.";
    Iter "__iter__" iter [Unary] (UnaryFn slot_iter) "($self, /)" "Implement iter(self).";
    Next "__next__" iternext [Next] (NextFn slot_next) "($self, /)" "Implement next(self).";
    Get "__get__" descr_get [DescrGet] (DescrGetFn slot_descr_get) "($self, instance, owner=None, /)" "Return an attribute of instance, which is of type owner.";
    Set "__set__" descr_set [Set2] (SetAttrFn slot_descr_set) "($self, instance, value, /)" "Set an attribute of instance to value.";
    Delete "__delete__" descr_set [Del1] (SetAttrFn slot_descr_set) "($self, instance, /)" "Delete an attribute of instance.";
    Init "__init__" init [Init] (InitFn slot_init) "($self, /, *args, **kwargs)" "Initialize self.  See help(type(self)) for accurate signature.";
    Del "__del__" del [Del] (DelFn slot_del) "($self, /)" "Called when the instance is about to be destroyed.";
    Buffer "__buffer__" buffer [Buffer] (BufferFn slot_buffer) "($self, flags, /)" "Return a buffer object that exposes the underlying memory of the object.";
    ReleaseBuffer "__release_buffer__" buffer [ReleaseBuffer] (BufferFn slot_buffer) "($self, buffer, /)" "Release the buffer object that exposes the underlying memory of the object.";
    Await "__await__" am_await [Unary] (UnaryFn slot_await) "($self, /)" "Return an iterator to be used in await expression.";
    AIter "__aiter__" am_aiter [Unary] (UnaryFn slot_aiter) "($self, /)" "Return an awaitable, that resolves in asynchronous iterator.";
    ANext "__anext__" am_anext [Unary] (UnaryFn slot_anext) "($self, /)" "Return a value or raise StopAsyncIteration.";
    Add "__add__" add [Binary] (BinaryFn slot_add) "($self, value, /)" "Return self+value.";
    RAdd "__radd__" add [BinaryR] (BinaryFn slot_add) "($self, value, /)" "Return value+self.";
    Sub "__sub__" sub [Binary] (BinaryFn slot_sub) "($self, value, /)" "Return self-value.";
    RSub "__rsub__" sub [BinaryR] (BinaryFn slot_sub) "($self, value, /)" "Return value-self.";
    Mul "__mul__" mul [Binary] (BinaryFn slot_mul) "($self, value, /)" "Return self*value.";
    RMul "__rmul__" mul [BinaryR] (BinaryFn slot_mul) "($self, value, /)" "Return value*self.";
    Mod "__mod__" modulo [Binary] (BinaryFn slot_modulo) "($self, value, /)" "Return self%value.";
    RMod "__rmod__" modulo [BinaryR] (BinaryFn slot_modulo) "($self, value, /)" "Return value%self.";
    DivMod "__divmod__" divmod [Binary] (BinaryFn slot_divmod) "($self, value, /)" "Return divmod(self, value).";
    RDivMod "__rdivmod__" divmod [BinaryR] (BinaryFn slot_divmod) "($self, value, /)" "Return divmod(value, self).";
    Pow "__pow__" pow [Ternary] (TernaryFn slot_pow) "($self, value, mod=None, /)" "Return pow(self, value, mod).";
    RPow "__rpow__" pow [TernaryR] (TernaryFn slot_pow) "($self, value, mod=None, /)" "Return pow(value, self, mod).";
    Neg "__neg__" neg [Unary] (UnaryFn slot_neg) "($self, /)" "-self";
    Pos "__pos__" pos [Unary] (UnaryFn slot_pos) "($self, /)" "+self";
    Abs "__abs__" abs [Unary] (UnaryFn slot_abs) "($self, /)" "abs(self)";
    Bool "__bool__" bool [Inquiry] (InquiryFn slot_bool) "($self, /)" "True if self else False";
    Invert "__invert__" invert [Unary] (UnaryFn slot_invert) "($self, /)" "~self";
    LShift "__lshift__" lshift [Binary] (BinaryFn slot_lshift) "($self, value, /)" "Return self<<value.";
    RLShift "__rlshift__" lshift [BinaryR] (BinaryFn slot_lshift) "($self, value, /)" "Return value<<self.";
    RShift "__rshift__" rshift [Binary] (BinaryFn slot_rshift) "($self, value, /)" "Return self>>value.";
    RRShift "__rrshift__" rshift [BinaryR] (BinaryFn slot_rshift) "($self, value, /)" "Return value>>self.";
    And "__and__" and [Binary] (BinaryFn slot_and) "($self, value, /)" "Return self&value.";
    RAnd "__rand__" and [BinaryR] (BinaryFn slot_and) "($self, value, /)" "Return value&self.";
    Xor "__xor__" xor [Binary] (BinaryFn slot_xor) "($self, value, /)" "Return self^value.";
    RXor "__rxor__" xor [BinaryR] (BinaryFn slot_xor) "($self, value, /)" "Return value^self.";
    Or "__or__" or [Binary] (BinaryFn slot_or) "($self, value, /)" "Return self|value.";
    ROr "__ror__" or [BinaryR] (BinaryFn slot_or) "($self, value, /)" "Return value|self.";
    Int "__int__" int [Unary] (UnaryFn slot_int) "($self, /)" "int(self)";
    Float "__float__" float [Unary] (UnaryFn slot_float) "($self, /)" "float(self)";
    IAdd "__iadd__" iadd [Binary] (BinaryFn slot_iadd) "($self, value, /)" "Return self+=value.";
    ISub "__isub__" isub [Binary] (BinaryFn slot_isub) "($self, value, /)" "Return self-=value.";
    IMul "__imul__" imul [Binary] (BinaryFn slot_imul) "($self, value, /)" "Return self*=value.";
    IMod "__imod__" imodulo [Binary] (BinaryFn slot_imodulo) "($self, value, /)" "Return self%=value.";
    IPow "__ipow__" ipow [Ternary] (TernaryFn slot_ipow) "($self, value, /)" "Return self**=value.";
    ILShift "__ilshift__" ilshift [Binary] (BinaryFn slot_ilshift) "($self, value, /)" "Return self<<=value.";
    IRShift "__irshift__" irshift [Binary] (BinaryFn slot_irshift) "($self, value, /)" "Return self>>=value.";
    IAnd "__iand__" iand [Binary] (BinaryFn slot_iand) "($self, value, /)" "Return self&=value.";
    IXor "__ixor__" ixor [Binary] (BinaryFn slot_ixor) "($self, value, /)" "Return self^=value.";
    IOr "__ior__" ior [Binary] (BinaryFn slot_ior) "($self, value, /)" "Return self|=value.";
    FloorDiv "__floordiv__" floordiv [Binary] (BinaryFn slot_floordiv) "($self, value, /)" "Return self//value.";
    RFloorDiv "__rfloordiv__" floordiv [BinaryR] (BinaryFn slot_floordiv) "($self, value, /)" "Return value//self.";
    TrueDiv "__truediv__" truediv [Binary] (BinaryFn slot_truediv) "($self, value, /)" "Return self/value.";
    RTrueDiv "__rtruediv__" truediv [BinaryR] (BinaryFn slot_truediv) "($self, value, /)" "Return value/self.";
    IFloorDiv "__ifloordiv__" ifloordiv [Binary] (BinaryFn slot_ifloordiv) "($self, value, /)" "Return self//=value.";
    ITrueDiv "__itruediv__" itruediv [Binary] (BinaryFn slot_itruediv) "($self, value, /)" "Return self/=value.";
    Index "__index__" index [Unary] (UnaryFn slot_index) "($self, /)" "Return self converted to an integer, if self is suitable for use as an index into a list.";
    MatMul "__matmul__" matmul [Binary] (BinaryFn slot_matmul) "($self, value, /)" "Return self@value.";
    RMatMul "__rmatmul__" matmul [BinaryR] (BinaryFn slot_matmul) "($self, value, /)" "Return value@self.";
    IMatMul "__imatmul__" imatmul [Binary] (BinaryFn slot_imatmul) "($self, value, /)" "Return self@=value.";
    Len "__len__" len [Len] (LenFn slot_len) "($self, /)" "Return len(self).";
    GetItem "__getitem__" getitem [Binary] (BinaryFn slot_getitem) "($self, key, /)" "Return self[key].";
    SetItem "__setitem__" setitem [Set2] (SetAttrFn slot_setitem) "($self, key, value, /)" "Set self[key] to value.";
    DelItem "__delitem__" setitem [Del1] (SetAttrFn slot_setitem) "($self, key, /)" "Delete self[key].";
    SqAdd "__add__" sq_concat [Binary] (-) "($self, value, /)" "Return self+value.";
    SqMul "__mul__" sq_repeat [IndexArg] (-) "($self, value, /)" "Return self*value.";
    SqRMul "__rmul__" sq_repeat [IndexArg] (-) "($self, value, /)" "Return value*self.";
    Contains "__contains__" contains [Contains] (ContainsFn slot_contains) "($self, key, /)" "Return bool(key in self).";
    SqIAdd "__iadd__" sq_iconcat [Binary] (-) "($self, value, /)" "Implement self+=value.";
    SqIMul "__imul__" sq_irepeat [IndexArg] (-) "($self, value, /)" "Implement self*=value.";
}

/// The interned name of a row.
#[inline]
pub fn dname(cx: &Ctx, d: D) -> Value {
    TupleObj::of(cx.root(Root::SlotNames))
        .and_then(|t| t.items().get(d as usize).copied())
        .unwrap_or(Value::NONE)
}

/// The row of a number.
pub fn row(d: D) -> &'static Dunder {
    &DUNDERS[d as usize]
}

/// Interns the names of the rows.
pub(crate) fn init_slot_names(cx: &mut Ctx) -> PyResult<()> {
    let names: Vec<Value> = DUNDERS.iter().map(|d| cx.intern_str(d.name)).collect();
    let t = cx.tuple_of(None, &names)?;
    cx.space().set_root(Root::SlotNames, t);
    Ok(())
}
