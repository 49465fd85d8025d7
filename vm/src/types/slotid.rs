//! Slots by number: reading, writing and comparing a slot that is known only at run time.

use protocore::types::*;

/// A function of any slot.
#[derive(Clone, Copy)]
#[allow(missing_docs)]
pub enum SlotFn {
    UnaryFn(UnaryFn),
    BinaryFn(BinaryFn),
    TernaryFn(TernaryFn),
    InquiryFn(InquiryFn),
    LenFn(LenFn),
    HashFn(HashFn),
    CompareFn(CompareFn),
    NextFn(NextFn),
    GetAttrFn(GetAttrFn),
    SetAttrFn(SetAttrFn),
    DescrGetFn(DescrGetFn),
    CallFn(CallFn),
    InitFn(InitFn),
    ContainsFn(ContainsFn),
    DelFn(DelFn),
    BufferFn(BufferFn),
}

/// `__new__` has the type of a call, so the table's `NewFn` is stored as one.
#[allow(non_snake_case)]
fn wrap_call(f: CallFn) -> SlotFn {
    SlotFn::CallFn(f)
}

macro_rules! slot_fn_variant {
    (NewFn, $f:expr) => {
        wrap_call($f)
    };
    ($ty:ident, $f:expr) => {
        SlotFn::$ty($f)
    };
}

macro_rules! slot_fn_match {
    (NewFn, $f:expr) => {
        if let SlotFn::CallFn(f) = $f { Some(f) } else { None }
    };
    ($ty:ident, $f:expr) => {
        if let SlotFn::$ty(f) = $f { Some(f) } else { None }
    };
}

macro_rules! define_ids {
    ($($name:ident: $ty:ident,)*) => {
        /// A slot.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[allow(missing_docs, non_camel_case_types)]
        #[repr(u8)]
        pub enum SlotId {
            $($name,)*
        }

        /// All slots.
        pub const ALL_SLOTS: &[SlotId] = &[$(SlotId::$name,)*];

        /// The function in a slot.
        pub fn slot_get(s: &Slots, id: SlotId) -> Option<SlotFn> {
            match id {
                $(SlotId::$name => s.$name.get().map(|f| slot_fn_variant!($ty, f)),)*
            }
        }

        /// Fills or empties a slot; a function of another slot's type empties it.
        pub fn slot_set(s: &Slots, id: SlotId, f: Option<SlotFn>) {
            match id {
                $(SlotId::$name => s.$name.set(f.and_then(|f| slot_fn_match!($ty, f))),)*
            }
        }

        /// The address in a slot, 0 if it is empty.
        pub fn slot_address(s: &Slots, id: SlotId) -> usize {
            match id {
                $(SlotId::$name => s.$name.address(),)*
            }
        }
    };
}

protocore::for_each_slot!(define_ids);

impl SlotFn {
    /// The address of the function.
    pub fn address(self) -> usize {
        match self {
            SlotFn::UnaryFn(f) => f as usize,
            SlotFn::BinaryFn(f) => f as usize,
            SlotFn::TernaryFn(f) => f as usize,
            SlotFn::InquiryFn(f) => f as usize,
            SlotFn::LenFn(f) => f as usize,
            SlotFn::HashFn(f) => f as usize,
            SlotFn::CompareFn(f) => f as usize,
            SlotFn::NextFn(f) => f as usize,
            SlotFn::GetAttrFn(f) => f as usize,
            SlotFn::SetAttrFn(f) => f as usize,
            SlotFn::DescrGetFn(f) => f as usize,
            SlotFn::CallFn(f) => f as usize,
            SlotFn::InitFn(f) => f as usize,
            SlotFn::ContainsFn(f) => f as usize,
            SlotFn::DelFn(f) => f as usize,
            SlotFn::BufferFn(f) => f as usize,
        }
    }
}
