//! The handlers: one function an opcode, named as the opcode is.
//!
//! Fast paths only read layouts; all else goes to out-of-line functions, after the program counter was saved.

#![allow(non_snake_case, clippy::missing_safety_doc)]

pub(super) use super::arith::*;
use super::frame::Frame;
use super::state::out_of_line;
use super::{Next, S, attrs, calls, gens, slow, unpack};
use protocore::header::Layout;
use protocore::layouts::{
    CellObj, CodeObj, FunctionObj, LOOP_OWN, ListObj, RangeIterObj, SeqIterObj, TupleObj,
};
use protocore::{Slot, Ty, Value};
use protopy_bytecode::Instr;
use std::sync::atomic::Ordering;

macro_rules! out_of_line {
    ($($name:ident => $f:path, $caches:literal;)*) => {
        $(
            #[inline(always)]
            pub(super) unsafe fn $name(s: S) -> Next {
                // SAFETY: as the caller's.
                unsafe { out_of_line(s, $f, $caches) }
            }
        )*
    };
}

out_of_line! {
    DeleteLocal => slow::delete_local, 0;
    MakeCell => slow::make_cell, 0;
    CopyFreeVars => slow::copy_free_vars, 0;
    DeleteDeref => slow::delete_deref, 0;
    LoadClassDeref => slow::load_class_deref, 0;
    StoreGlobal => slow::store_global, 1;
    DeleteGlobal => slow::delete_global, 0;
    LoadName => slow::load_name, 2;
    StoreName => slow::store_name, 1;
    DeleteName => slow::delete_name, 0;
    LoadFromDictOrGlobals => slow::load_from_dict_or_globals, 0;
    LoadFromDictOrDeref => slow::load_from_dict_or_deref, 0;
    SetupAnnotations => slow::setup_annotations, 0;
    LoadCommon => slow::load_common, 0;
    DeleteAttr => slow::delete_attr, 0;
    LoadSuperAttr => slow::load_super_attr, 2;
    LoadSuperMethod => slow::load_super_method, 2;
    LoadAttrDyn => slow::load_attr_dyn, 0;
    StoreAttrDyn => slow::store_attr_dyn, 0;
    DelItem => slow::del_item, 0;
    BuildSlice => slow::build_slice, 0;
    GetSlice => slow::get_slice, 0;
    SetSlice => slow::set_slice, 0;
    BuildTuple => slow::build_tuple, 0;
    BuildList => slow::build_list, 0;
    BuildSet => slow::build_set, 0;
    BuildMap => slow::build_map, 0;
    BuildString => slow::build_string, 0;
    ListExtend => slow::list_extend, 0;
    SetAdd => slow::set_add, 0;
    SetUpdate => slow::set_update, 0;
    MapAdd => slow::map_add, 0;
    DictUpdate => slow::dict_update, 0;
    DictMerge => slow::dict_merge, 0;
    ListToTuple => slow::list_to_tuple, 0;
    UnpackEx => unpack::unpack_ex, 0;
    ConvertValue => slow::convert_value, 0;
    FormatSimple => slow::format_simple, 0;
    FormatWithSpec => slow::format_with_spec, 0;
    BuildInterpolation => slow::build_interpolation, 0;
    BuildTemplate => slow::build_template, 0;
    MakeFunction => slow::make_function, 0;
    SetFunctionAttr => slow::set_function_attr, 0;
    ImportName => slow::import_name, 0;
    ImportFrom => slow::import_from, 0;
    Raise => slow::raise, 0;
    RaiseFrom => slow::raise_from, 0;
    RaiseBare => slow::raise_bare, 0;
    Reraise => slow::reraise, 0;
    PushExc => slow::push_exc, 0;
    PopExc => slow::pop_exc, 0;
    CheckExcMatch => slow::check_exc_match, 0;
    CheckEgMatch => slow::check_eg_match, 0;
    PrepReraiseStar => slow::prep_reraise_star, 0;
    LoadSpecial => slow::load_special, 0;
    GetYieldFromIter => gens::get_yield_from_iter, 0;
    GetAwaitable => gens::get_awaitable_op, 0;
    GetAIter => gens::get_aiter_op, 0;
    GetANext => gens::get_anext_op, 0;
    EndAsyncFor => gens::end_async_for, 0;
    MatchClass => slow::match_class, 0;
    MatchMapping => slow::match_mapping, 0;
    MatchSequence => slow::match_sequence, 0;
    MatchKeys => slow::match_keys, 0;
    MatchRest => slow::match_rest, 0;
    GetLen => slow::get_len, 0;
    CallIntrinsic1 => slow::intrinsic1, 0;
    CallIntrinsic2 => slow::intrinsic2, 0;
    Pow => slow::pow, 0;
    MatMul => slow::mat_mul, 0;
    LShift => slow::lshift, 0;
    RShift => slow::rshift, 0;
    IPow => slow::ipow, 0;
    IMatMul => slow::imat_mul, 0;
    ILShift => slow::ilshift, 0;
    IRShift => slow::irshift, 0;
    Pos => slow::pos, 0;
    Invert => slow::invert, 0;
    In => slow::contains, 0;
    NotIn => slow::not_contains, 0;
}

#[inline(always)]
pub(super) unsafe fn Nop(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe { s.next(0) }
}

#[inline(always)]
pub(super) unsafe fn Move(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        s.set(s.w.a(), s.r(s.w.b()));
        s.next(0)
    }
}

#[inline(always)]
pub(super) unsafe fn LoadConst(s: S) -> Next {
    // SAFETY: see `S`; constant indices are verified.
    unsafe {
        s.set(s.w.a(), *s.k.add(s.w.bx() as usize));
        s.next(0)
    }
}

#[inline(always)]
pub(super) unsafe fn LoadInt(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        s.set(s.w.a(), Value::small(i64::from(s.w.bx() as i32)));
        s.next(0)
    }
}

#[inline(always)]
pub(super) unsafe fn CheckBound(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        if s.r(s.w.a()).is_unbound() {
            return s.cold(|s| out_of_line(s, slow::check_bound_fail, 0));
        }
        s.next(0)
    }
}

#[inline(always)]
pub(super) unsafe fn LoadUnbound(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        s.set(s.w.a(), Value::UNBOUND);
        s.next(0)
    }
}

#[inline(always)]
pub(super) unsafe fn LoadLocals(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        s.set(s.w.a(), s.r(0));
        s.next(0)
    }
}

#[inline(always)]
fn cell_of(v: Value) -> Option<&'static Slot> {
    // The compiler names registers that hold cells; should it err, an exception is the answer.
    CellObj::of(v).map(|c| &c.content)
}

#[inline(always)]
pub(super) unsafe fn LoadDeref(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        match cell_of(s.r(s.w.b())).and_then(Slot::get) {
            Some(v) if !v.is_unbound() => {
                s.set(s.w.a(), v);
                s.next(0)
            }
            _ => s.cold(|s| out_of_line(s, slow::unbound_deref, 0)),
        }
    }
}

#[inline(always)]
pub(super) unsafe fn StoreDeref(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        let cell = s.r(s.w.a());
        match cell_of(cell) {
            Some(slot) if s.cx().store_is_plain(cell) => {
                slot.init(Some(s.r(s.w.b())));
                s.next(0)
            }
            Some(_) => s.cold(|s| {
                let cell = s.r(s.w.a());
                if let Some(slot) = cell_of(cell) {
                    s.cx().store(cell, slot, s.r(s.w.b()));
                }
                s.next(0)
            }),
            None => s.cold(|s| out_of_line(s, slow::check_bound_fail, 0)),
        }
    }
}

// ---------------------------------------------------------------------------------------------------- globals and attributes

#[inline(always)]
pub(super) unsafe fn LoadGlobal(s: S) -> Next {
    // SAFETY: see `S`; cache words belong to the interpreter.
    unsafe {
        let owner = Frame(s.regs).owner();
        let c1 = (*s.pc.add(1)).load(Ordering::Acquire);
        if let Some(v) = attrs::cached_global(owner, c1, (*s.pc.add(2)).load(Ordering::Acquire)) {
            s.set(s.w.a(), v);
            return s.next(2);
        }
        s.cold(|s| out_of_line(s, slow::load_global, 2))
    }
}

/// The attribute of an inline cache hit: shape in the high half, byte offset in the low half.
#[inline(always)]
unsafe fn cached_slot(obj: Value, c: u64) -> Option<Value> {
    // SAFETY: a matching shape says that the object has a slot at the offset.
    unsafe {
        if obj.is_heap() && u64::from((*obj.ptr::<protocore::Header>()).shape().0) == c >> 32 {
            (*obj.ptr::<u8>().add((c & 0xffff_ffff) as usize).cast::<Slot>()).get()
        } else {
            None
        }
    }
}

#[inline(always)]
pub(super) unsafe fn LoadAttr(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        let c = (*s.pc.add(1)).load(Ordering::Relaxed);
        if let Some(v) = cached_slot(s.r(s.w.b()), c) {
            s.set(s.w.a(), v);
            return s.next(2);
        }
        s.cold(|s| out_of_line(s, attrs::load_attr, 2))
    }
}

#[inline(always)]
pub(super) unsafe fn StoreAttr(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        let obj = s.r(s.w.a());
        let c = (*s.pc.add(1)).load(Ordering::Acquire);
        if obj.is_heap()
            && u64::from((*obj.ptr::<protocore::Header>()).shape().0) == c >> protocore::pairing::SHAPE
        {
            if !s.cx().store_is_free(obj) {
                return s.cold(|s| store_attr_with_care(s));
            }
            let next = (*s.pc.add(2)).load(Ordering::Acquire);
            (*obj.ptr::<u8>().add((c & 0xffff_ffff) as usize).cast::<Slot>()).init(Some(s.r(s.w.b())));
            if next != 0 {
                (*obj.ptr::<protocore::Header>()).set_shape(protocore::ShapeId(next as u32));
            }
            return s.next(2);
        }
        s.cold(|s| out_of_line(s, attrs::store_attr, 2))
    }
}

/// `StoreAttr` by cache while there are other threads, or into an old object.
#[inline(always)]
unsafe fn store_attr_with_care(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        let obj = s.r(s.w.a());
        let h = &*obj.ptr::<protocore::Header>();
        if s.cx().store_is_plain(obj) && h.try_lock_briefly() {
            let c = (*s.pc.add(1)).load(Ordering::Acquire);
            let next = (*s.pc.add(2)).load(Ordering::Acquire);
            // Under the lock the shape is the object's, and the pair of cache words is whole if its key is the same.
            let same = u64::from(h.shape().0) == c >> protocore::pairing::SHAPE
                && (*s.pc.add(1)).load(Ordering::Relaxed) == c;
            if same {
                (*obj.ptr::<u8>().add((c & 0xffff_ffff) as usize).cast::<Slot>()).init(Some(s.r(s.w.b())));
                if next != 0 {
                    h.set_shape(protocore::ShapeId(next as u32));
                }
            }
            h.unlock();
            if same {
                return s.next(2);
            }
        }
        s.cold(|s| out_of_line(s, attrs::store_attr, 2))
    }
}

#[inline(always)]
pub(super) unsafe fn LoadMethod(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        let obj = s.r(s.w.b());
        if let Some(f) = attrs::cached_method(s.cx(), obj, s.pc) {
            s.set(s.w.a(), f);
            s.set(s.w.a() + 5, obj);
            return s.next(2);
        }
        s.cold(|s| out_of_line(s, attrs::load_method_op, 2))
    }
}

#[inline(always)]
pub(super) unsafe fn GetItem(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        let (o, i) = (s.r(s.w.b()), s.r(s.w.c()));
        if o.is_heap() && i.is_small() {
            let shape = (*o.ptr::<protocore::Header>()).shape();
            let n = i.bits() as i64 >> 1;
            if shape == Ty::List.shape() {
                let l = &*o.ptr::<ListObj>();
                let at = if n < 0 { n + l.len() as i64 } else { n };
                if let Some(v) = l.get(at as usize) {
                    s.set(s.w.a(), v);
                    return s.next(1);
                }
            } else if shape == Ty::Tuple.shape() {
                let items = (*o.ptr::<TupleObj>()).items();
                let at = if n < 0 { n + items.len() as i64 } else { n };
                if let Some(v) = items.get(at as usize) {
                    s.set(s.w.a(), *v);
                    return s.next(1);
                }
            }
        }
        s.cold(|s| out_of_line(s, slow::get_item, 1))
    }
}

/// A list's storage and its slot of an item.
#[inline(always)]
unsafe fn list_slot(l: &ListObj, i: usize) -> Option<(Value, &'static Slot)> {
    // SAFETY: a list's storage is a `ValuesObj`.
    unsafe {
        let store = if i < l.len() { l.items.get()? } else { return None };
        Some((store, (*store.ptr::<protocore::layouts::ValuesObj>()).slots().get(i)?))
    }
}

#[inline(always)]
pub(super) unsafe fn SetItem(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        let (o, i) = (s.r(s.w.a()), s.r(s.w.b()));
        if o.is_heap() && i.is_small() && (*o.ptr::<protocore::Header>()).shape() == Ty::List.shape() {
            let n = i.bits() as i64 >> 1;
            if n >= 0
                && let Some((store, slot)) = list_slot(&*o.ptr::<ListObj>(), n as usize)
            {
                if !s.cx().store_is_free(store) {
                    return s.cold(|s| set_item_with_care(s));
                }
                slot.init(Some(s.r(s.w.c())));
                return s.next(1);
            }
        }
        s.cold(|s| out_of_line(s, slow::set_item, 1))
    }
}

/// `SetItem` of a list at a small int while there are other threads, or into old storage.
#[inline(always)]
unsafe fn set_item_with_care(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        let n = s.r(s.w.b()).bits() as i64 >> 1;
        let l = &*s.r(s.w.a()).ptr::<ListObj>();
        if l.header.try_lock_briefly() {
            let slot = list_slot(l, n as usize).filter(|(store, _)| s.cx().store_is_plain(*store));
            if let Some((_, slot)) = slot {
                slot.init(Some(s.r(s.w.c())));
            }
            l.header.unlock();
            if slot.is_some() {
                return s.next(1);
            }
        }
        s.cold(|s| out_of_line(s, slow::set_item, 1))
    }
}

#[inline(always)]
pub(super) unsafe fn Is(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        s.set(s.w.a(), Value::bool(s.r(s.w.b()).is(s.r(s.w.c()))));
        s.next(0)
    }
}

#[inline(always)]
pub(super) unsafe fn IsNot(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        s.set(s.w.a(), Value::bool(!s.r(s.w.b()).is(s.r(s.w.c()))));
        s.next(0)
    }
}

#[inline(always)]
fn long(w: Instr) -> isize {
    w.bx() as i32 as isize
}

#[inline(always)]
pub(super) unsafe fn Jump(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe { s.jump(0, long(s.w)) }
}

#[inline(always)]
unsafe fn truth_jump<const SENSE: bool>(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        match known_truth(s.r(s.w.a())) {
            Some(t) if t == SENSE => s.jump(0, long(s.w)),
            Some(_) => s.next(0),
            None => s.cold(|s| {
                s.save();
                match slow::truth(s.cx(), s.r(s.w.a())) {
                    Ok(t) if t == SENSE => s.jump(0, long(s.w)),
                    Ok(_) => s.next(0),
                    Err(_) => s.raise(),
                }
            }),
        }
    }
}

#[inline(always)]
pub(super) unsafe fn JumpIfTrue(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe { truth_jump::<true>(s) }
}

#[inline(always)]
pub(super) unsafe fn JumpIfFalse(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe { truth_jump::<false>(s) }
}

macro_rules! test_jumps {
    ($($name:ident, |$s:ident| $test:expr, $off:expr;)*) => {
        $(
            #[inline(always)]
            pub(super) unsafe fn $name($s: S) -> Next {
                // SAFETY: see `S`.
                unsafe { if $test { $s.jump(0, $off) } else { $s.next(0) } }
            }
        )*
    };
}

test_jumps! {
    JumpIfNone, |s| s.r(s.w.a()).is_none(), long(s.w);
    JumpIfNotNone, |s| !s.r(s.w.a()).is_none(), long(s.w);
    JumpIfUnbound, |s| s.r(s.w.a()).is_unbound(), long(s.w);
    JumpIfIs, |s| s.r(s.w.a()).is(s.r(s.w.b())), isize::from(s.w.c() as i16);
    JumpIfIsNot, |s| !s.r(s.w.a()).is(s.r(s.w.b())), isize::from(s.w.c() as i16);
}

#[inline(always)]
pub(super) unsafe fn GetIter(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe { out_of_line(s, slow::get_iter, 0) }
}

/// The next item of an iterator over a range or a list that has one, while no other thread can take it: there is none, or the loop
/// made the iterator itself.
#[inline(always)]
unsafe fn fast_item(s: S, it: Value) -> Option<Value> {
    // SAFETY: see `S`.
    unsafe {
        if !it.is_heap() {
            return None;
        }
        let h = &*it.ptr::<protocore::Header>();
        let shape = h.shape();
        if !s.cx().single_threaded() && h.flags() & LOOP_OWN == 0 {
            return None;
        }
        if shape == Ty::RangeIter.shape() {
            let r = &*it.ptr::<RangeIterObj>();
            let left = r.left.load(Ordering::Relaxed);
            if left > 0 {
                r.left.store(left - 1, Ordering::Relaxed);
                return Some(Value::small(r.at(left)));
            }
        } else if shape == Ty::ListIter.shape() {
            let l = &*it.ptr::<SeqIterObj>();
            let i = l.index.load(Ordering::Relaxed);
            let v = (*l.seq.get()?.ptr::<ListObj>()).get(i)?;
            l.index.store(i + 1, Ordering::Relaxed);
            return Some(v);
        }
        None
    }
}

#[inline(always)]
pub(super) unsafe fn ForIter(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        if let Some(v) = fast_item(s, s.r(s.w.a())) {
            s.set(s.w.b(), v);
            return s.next(1);
        }
        s.cold(|s| {
            s.save();
            let pc = slow::for_iter(s.cx(), Frame(s.regs), s.w, s.pc);
            if pc.is_null() { s.raise() } else { s.resume(pc) }
        })
    }
}

/// The end of a `for` loop's body: with an item at hand it goes straight to the body's start, behind the `ForIter` at
/// which the offset points; otherwise to that.
#[inline(always)]
pub(super) unsafe fn ForLoop(s: S) -> Next {
    // SAFETY: see `S`; a `ForIter` is two words long.
    unsafe {
        let off = isize::from(s.w.c() as i16);
        if !s.cx().poll_needed()
            && let Some(v) = fast_item(s, s.r(s.w.a()))
        {
            s.set(s.w.b(), v);
            return Next { pc: s.pc.offset(1 + 2 + off), regs: s.regs, k: s.k, cold: None };
        }
        s.cold(|s| s.jump(0, isize::from(s.w.c() as i16)))
    }
}

#[inline(always)]
pub(super) unsafe fn ListAppend(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        // The list of a display or comprehension, which no other thread knows of.
        let l = &*s.r(s.w.a()).ptr::<ListObj>();
        let n = l.len();
        if let Some(store) = l.items.get()
            && let Some(slot) = (*store.ptr::<protocore::layouts::ValuesObj>()).slots().get(n)
            && s.cx().store_is_plain(store)
        {
            slot.init(Some(s.r(s.w.b())));
            l.len.store(n + 1, Ordering::Release);
            return s.next(0);
        }
        s.cold(|s| {
            s.save();
            let l = &*s.r(s.w.a()).ptr::<ListObj>();
            match s.cx().list_append(l, s.r(s.w.b())) {
                Ok(()) => s.next(0),
                Err(_) => s.raise(),
            }
        })
    }
}

#[inline(always)]
pub(super) unsafe fn UnpackSequence(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        let v = s.r(s.w.b());
        let n = usize::from(s.w.c());
        if v.is_heap() && (*v.ptr::<protocore::Header>()).shape() == Ty::Tuple.shape() {
            let items = (*v.ptr::<TupleObj>()).items();
            if items.len() == n {
                for (i, x) in items.iter().enumerate() {
                    *s.regs.add(usize::from(s.w.a()) + i) = *x;
                }
                return s.next(0);
            }
        }
        s.cold(|s| out_of_line(s, unpack::unpack_sequence, 0))
    }
}

/// Enters a Python function whose arguments are in place, if nothing needs binding.
#[inline(always)]
unsafe fn enter_simple(s: S, f: Value, argc: usize, caches: usize) -> Option<Next> {
    // SAFETY: see `S`; the window's header words lie between callable and arguments.
    unsafe {
        if f.layout() != Layout::Function {
            return None;
        }
        let func = &*f.ptr::<FunctionObj>();
        let code = &*func.code.get()?.ptr::<CodeObj>();
        if !code.simple || code.argcount as usize != argc {
            return None;
        }
        let base = s.regs.add(usize::from(s.w.a()) + super::HEADER);
        let window = Frame(base);
        let cx = s.cx();
        if base.add(code.nregs as usize) >= cx.stack.limit || cx.depth >= cx.depth_limit {
            return None;
        }
        cx.depth += 1;
        window.init(f, s.regs, 0, s.pc.add(1 + caches), code);
        for i in argc..code.init_regs as usize {
            *base.add(i) = Value::UNBOUND;
        }
        Some(Next { pc: code.entry, regs: base, k: code.consts, cold: None })
    }
}

#[inline(always)]
unsafe fn general_call(s: S, kind: calls::Kind, caches: usize) -> Next {
    // SAFETY: see `S`.
    unsafe {
        s.save();
        let pc = calls::call_op(s.cx(), Frame(s.regs), s.w, kind, s.pc.add(1 + caches));
        if pc.is_null() { s.raise() } else { s.resume(pc) }
    }
}

#[inline(always)]
pub(super) unsafe fn Call(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        let f = s.r(s.w.a());
        match enter_simple(s, f, usize::from(s.w.b()), 1) {
            Some(n) => n,
            None => s.cold(|s| general_call(s, calls::Kind::Plain, 1)),
        }
    }
}

#[inline(always)]
pub(super) unsafe fn CallMethod(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        let f = s.r(s.w.a());
        if !s.r(s.w.a() + 5).is_unbound()
            && let Some(n) = enter_simple(s, f, usize::from(s.w.b()) + 1, 1)
        {
            return n;
        }
        s.cold(|s| general_call(s, calls::Kind::Method, 1))
    }
}

#[inline(always)]
pub(super) unsafe fn CallKw(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe { general_call(s, calls::Kind::PlainKw, 1) }
}

#[inline(always)]
pub(super) unsafe fn CallMethodKw(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe { general_call(s, calls::Kind::MethodKw, 1) }
}

#[inline(always)]
pub(super) unsafe fn CallEx(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe { general_call(s, calls::Kind::Ex, 0) }
}

/// Returns `v` from a frame for which nothing else has to be done.
#[inline(always)]
unsafe fn return_plain(s: S, v: Value) -> Option<Next> {
    // SAFETY: see `S`.
    unsafe {
        let f = Frame(s.regs);
        if f.flags() != 0 || f.object().is_some() {
            return None;
        }
        let caller = f.caller().map_or(std::ptr::null_mut(), |c| c.0);
        let pc = f.return_pc();
        *s.regs.offset(-5) = v;
        s.cx().depth -= 1;
        Some(Next { pc, regs: caller, k: Frame(caller).code().consts, cold: None })
    }
}

#[inline(always)]
unsafe fn return_slow(s: S, v: Value) -> Next {
    // SAFETY: see `S`.
    unsafe {
        s.save();
        let pc = calls::return_slow(s.cx(), Frame(s.regs), v);
        if pc.is_null() { s.raise() } else { s.resume(pc) }
    }
}

#[inline(always)]
pub(super) unsafe fn Return(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        match return_plain(s, s.r(s.w.a())) {
            Some(n) => n,
            None => s.cold(|s| return_slow(s, s.r(s.w.a()))),
        }
    }
}

#[inline(always)]
pub(super) unsafe fn ReturnNone(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        match return_plain(s, Value::NONE) {
            Some(n) => n,
            None => s.cold(|s| return_slow(s, Value::NONE)),
        }
    }
}

#[inline(always)]
pub(super) unsafe fn ReturnGenerator(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        s.save();
        match gens::make_generator(s.cx(), Frame(s.regs)) {
            Ok(g) => match return_plain(s, g) {
                Some(n) => n,
                None => return_slow(s, g),
            },
            Err(_) => s.raise(),
        }
    }
}

#[inline(always)]
pub(super) unsafe fn Yield(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        s.save();
        let pc = gens::yield_value(s.cx(), s.r(s.w.b()));
        if pc.is_null() { s.raise() } else { s.resume(pc) }
    }
}

#[inline(always)]
pub(super) unsafe fn YieldFrom(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        s.save();
        let pc = gens::yield_from(s.cx(), Frame(s.regs), s.w, s.pc);
        if pc.is_null() { s.raise() } else { s.resume(pc) }
    }
}
