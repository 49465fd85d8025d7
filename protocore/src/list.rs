//! Raw list operations: what changes or copies a list's storage without running Python code.
//!
//! # The idea
//!
//! A list is a length and one storage cell of slots. Readers take no lock: they load the length, the storage and a slot,
//! in this order, and each of the three checks the next (`ListObj::get`). Writers hold the list's byte lock, skipped while the
//! process has one thread, and change slots in place where the capacity allows, else move to a new cell.
//!
//! # Invariants
//!
//! 1. Every slot below `len` holds a value, at every moment: a growing operation fills the new slots before it publishes the
//!    longer length; a shrinking one publishes the shorter length before it empties the slots that fell off. A reader
//!    that loaded the old length meanwhile finds an empty slot and takes it for the end of the list.
//! 2. While items move within the storage, each slot goes from its old item to its new one directly. A concurrent reader may
//!    see an item twice or miss it, as iteration over a changing list may; it never sees anything else.
//! 3. Nothing under the lock allocates or calls out. Operations allocate for the length that they saw, take
//!    the lock, and start again if the list is not the same any more.
//! 4. Operations that copy more than one item (slices, copies, repetition) hold the lock of their source while they do:
//!    their result is the list as it was at one moment. No operation holds two lists' locks.
//! 5. Slots at and above `len` are empty, so that the collector keeps nothing alive that the list let go.
//!
//! Which items an operation concerns may depend on the length that it finds. Such operations take a *plan*, a pure
//! function from the length to a [`Stride`], and ask it again whenever they start over.
//!
//! Why not persistent or chunked storage, which would make every reader atomic: a list read is the commonest operation
//! there is, and one load more in it costs more than all insertions together.

use crate::ctx::Ctx;
use crate::header::Layout;
use crate::known::Ty;
use crate::layouts::{ListObj, ValuesObj};
use crate::slot::Slot;
use crate::value::Value;
use crate::{PyResult, types::TypeObj};
use std::sync::atomic::Ordering;

/// Items `start`, `start + step`, … of a list, `count` of them, all within its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stride {
    /// First index.
    pub start: usize,
    /// Distance, not 0.
    pub step: isize,
    /// Number of items.
    pub count: usize,
}

impl Stride {
    /// All of a list of `len` items.
    pub const fn all(len: usize) -> Stride {
        Stride { start: 0, step: 1, count: len }
    }

    /// The indices.
    #[inline]
    pub fn indices(self) -> impl Iterator<Item = usize> {
        (0..self.count).map(move |k| self.start.wrapping_add_signed((k as isize).wrapping_mul(self.step)))
    }

    /// The same items in ascending order.
    #[must_use]
    pub fn ascending(self) -> Stride {
        if self.step >= 0 || self.count == 0 {
            return self;
        }
        let last = (self.count as isize - 1).wrapping_mul(self.step);
        Stride {
            start: self.start.wrapping_add_signed(last),
            step: self.step.wrapping_neg(),
            count: self.count,
        }
    }
}

/// The storage that a list has lent to a sort.
#[derive(Clone, Copy)]
pub struct Lent {
    /// The cell, if the list had one.
    pub store: Option<&'static ValuesObj>,
    /// Number of its values.
    pub len: usize,
    /// What stands for the storage meanwhile: whoever changes the list replaces it.
    mark: &'static ValuesObj,
}

/// A list whose lock is held: all that is done with it happens at once for other writers. Meanwhile nothing may be allocated, called
/// or waited for.
pub struct HeldList<'a> {
    list: &'a ListObj,
    slots: &'a [Slot],
}

impl HeldList<'_> {
    /// Number of items.
    #[inline]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Item `i`.
    #[inline]
    pub fn get(&self, i: usize) -> Option<Value> {
        if i < self.len() { self.slots.get(i)?.get() } else { None }
    }

    /// Writes item `i`, if there is one.
    #[inline]
    pub fn set(&self, i: usize, v: Value) {
        if i < self.len()
            && let Some(slot) = self.slots.get(i)
        {
            slot.init(Some(v));
        }
    }

    /// Appends an item if there is room for it; whether there was.
    #[inline]
    pub fn push(&self, v: Value) -> bool {
        let n = self.len();
        let Some(slot) = self.slots.get(n) else { return false };
        slot.init(Some(v));
        self.list.len.store(n + 1, Ordering::Release);
        true
    }

    /// Removes and answers the last item. [`Ctx::list_trim`] frees storage later.
    #[inline]
    pub fn pop(&self) -> Option<Value> {
        let n = self.len().checked_sub(1)?;
        let slot = self.slots.get(n)?;
        let v = slot.get()?;
        self.list.len.store(n, Ordering::Release);
        slot.init(None);
        Some(v)
    }
}

/// Below this capacity a list keeps its storage however few items are left.
const SHRINK_MIN: usize = 1024;

#[inline(always)]
fn storage(l: &ListObj) -> Option<&'static ValuesObj> {
    l.items.get().and_then(ValuesObj::of)
}

/// Copies slots `from..from + n` to `to..`, lowest first: for overlapping moves downwards.
fn move_down(slots: &[Slot], from: usize, to: usize, n: usize) {
    let (Some(src), Some(dst)) = (slots.get(from..from + n), slots.get(to..to + n)) else { return };
    for (d, s) in dst.iter().zip(src) {
        d.init(s.get());
    }
}

/// Copies slots `from..from + n` to `to..`, highest first: for overlapping moves upwards.
fn move_up(slots: &[Slot], from: usize, to: usize, n: usize) {
    if from == to {
        return;
    }
    let (Some(src), Some(dst)) = (slots.get(from..from + n), slots.get(to..to + n)) else { return };
    for (d, s) in dst.iter().zip(src).rev() {
        d.init(s.get());
    }
}

fn copy_slots(to: &[Slot], from: &[Slot]) {
    for (t, f) in to.iter().zip(from) {
        t.init(f.get());
    }
}

fn fill(to: &[Slot], from: &[Value]) {
    for (t, f) in to.iter().zip(from) {
        t.init(Some(*f));
    }
}

fn empty(slots: &[Slot]) {
    for s in slots {
        s.init(None);
    }
}

/// The part of the slots from `lo` to `hi`, nothing if they are fewer.
fn part(slots: &[Slot], lo: usize, hi: usize) -> &[Slot] {
    slots.get(lo..hi).unwrap_or(&[])
}

impl Ctx {
    /// Storage for `n` values; MemoryError.
    fn values_for(&mut self, n: usize) -> PyResult<&'static ValuesObj> {
        match self.new_values(n) {
            Some(s) => Ok(s),
            None => Err(self.no_memory()),
        }
    }

    /// A list (of exactly that type) of the first `len` values of a storage cell that nothing else refers to.
    pub fn list_from_values(&mut self, store: &ValuesObj, len: usize) -> Value {
        let v =
            Value::from_ref(self.alloc_cell(size_of::<ListObj>(), false, Layout::List, Ty::List.shape(), 0));
        if let Some(l) = ListObj::of(v)
            && len > 0
        {
            self.store(v, &l.items, store.value());
            l.len.store(len.min(store.cap), Ordering::Release);
        }
        v
    }

    /// Writes item `i`; whether there is one.
    #[inline]
    pub fn list_set(&mut self, l: &ListObj, i: usize, v: Value) -> bool {
        let _g = l.header.lock(self.single_threaded());
        if i >= l.len() {
            return false;
        }
        let Some(store) = storage(l) else { return false };
        let Some(slot) = store.slots().get(i) else { return false };
        self.store(store.value(), slot, v);
        true
    }

    /// Runs `f` on a list while its lock is held.
    #[inline]
    pub fn list_held<R>(&mut self, l: &ListObj, f: impl FnOnce(&HeldList<'_>) -> R) -> R {
        let _g = l.header.lock(self.single_threaded());
        let store = storage(l);
        if let Some(store) = store {
            self.barrier(store.value());
        }
        f(&HeldList { list: l, slots: store.map_or(&[], ValuesObj::slots) })
    }

    /// Moves a list that has become much shorter than its storage to smaller storage.
    #[inline]
    pub fn list_trim(&mut self, l: &ListObj) {
        if storage(l).is_some_and(|s| s.cap >= SHRINK_MIN && l.len() < s.cap / 4) {
            self.list_shrink(l);
        }
    }

    /// Removes and answers the last item.
    #[inline]
    pub fn list_pop(&mut self, l: &ListObj) -> Option<Value> {
        let (v, n, cap) = {
            let _g = l.header.lock(self.single_threaded());
            let store = storage(l)?;
            let n = l.len().checked_sub(1)?;
            let slot = store.slots().get(n)?;
            let v = slot.get()?;
            l.len.store(n, Ordering::Release);
            self.store_empty(store.value(), slot);
            (v, n, store.cap)
        };
        if cap >= SHRINK_MIN && n < cap / 4 {
            self.list_shrink(l);
        }
        Some(v)
    }

    /// Removes and answers item `i`.
    pub fn list_remove(&mut self, l: &ListObj, i: usize) -> Option<Value> {
        let (v, n, cap) = {
            let _g = l.header.lock(self.single_threaded());
            let n = l.len();
            if i >= n {
                return None;
            }
            let store = storage(l)?;
            let slots = store.slots();
            let v = slots.get(i)?.get()?;
            self.barrier(store.value());
            move_down(slots, i + 1, i, n - i - 1);
            l.len.store(n - 1, Ordering::Release);
            empty(part(slots, n - 1, n));
            (v, n - 1, store.cap)
        };
        if cap >= SHRINK_MIN && n < cap / 4 {
            self.list_shrink(l);
        }
        Some(v)
    }

    /// Moves a list that has become short to storage of its size. Without memory for that it stays where it is.
    #[cold]
    fn list_shrink(&mut self, l: &ListObj) {
        let n = l.len();
        let Some(old) = storage(l) else { return };
        let want = n + n / 2 + 8;
        if want >= old.cap {
            return;
        }
        let Some(fresh) = self.new_values(want) else { return };
        let lock = l.header.lock(self.single_threaded());
        if l.len() != n || !storage(l).is_some_and(|s| std::ptr::eq(s, old)) {
            return;
        }
        copy_slots(part(fresh.slots(), 0, n), old.slots());
        self.store(l.value(), &l.items, fresh.value());
        drop(lock);
        self.retire_storage(old.value());
    }

    /// Inserts before item `at`, counted from the end if negative; positions past either end mean that end. MemoryError.
    pub fn list_insert(&mut self, l: &ListObj, at: i64, v: Value) -> PyResult<()> {
        loop {
            let want = l.len().saturating_add(1);
            self.list_reserve(l, want)?;
            let _g = l.header.lock(self.single_threaded());
            let Some(store) = storage(l) else { continue };
            let n = l.len();
            if n >= store.cap {
                continue;
            }
            let slots = store.slots();
            let i = if at < 0 { at.saturating_add(n as i64).max(0) } else { at.min(n as i64) } as usize;
            self.barrier(store.value());
            move_up(slots, i, i + 1, n - i);
            fill(part(slots, i, i + 1), &[v]);
            l.len.store(n + 1, Ordering::Release);
            return Ok(());
        }
    }

    /// Replaces items `lo..hi`, both cut to the length, by `new`, which must not be this list's storage; the caller keeps its
    /// values alive. MemoryError.
    pub fn list_splice(&mut self, l: &ListObj, lo: usize, hi: usize, new: &[Value]) -> PyResult<()> {
        loop {
            let n = l.len();
            let lo = lo.min(n);
            let hi = hi.clamp(lo, n);
            let Some(total) = (n - (hi - lo)).checked_add(new.len()) else { return Err(self.no_memory()) };
            self.list_reserve(l, total)?;
            let (cap, old) = {
                let _g = l.header.lock(self.single_threaded());
                if l.len() != n {
                    continue;
                }
                let Some(store) = storage(l) else {
                    if total == 0 {
                        return Ok(());
                    }
                    continue;
                };
                if store.cap < total {
                    continue;
                }
                (store.cap, self.splice_locked(l, store, (lo, hi), total, new))
            };
            if let Some(old) = old {
                self.retire_storage(old);
                return Ok(());
            }
            if cap >= SHRINK_MIN && total < cap / 4 && total < n {
                self.list_shrink(l);
            }
            return Ok(());
        }
    }

    fn splice_locked(
        &mut self,
        l: &ListObj,
        store: &ValuesObj,
        (lo, hi): (usize, usize),
        total: usize,
        new: &[Value],
    ) -> Option<Value> {
        let n = l.len();
        let slots = store.slots();
        self.barrier(store.value());
        if total == 0 {
            return self.clear_locked(l);
        } else if total >= n {
            move_up(slots, hi, lo + new.len(), n - hi);
            fill(part(slots, lo, lo + new.len()), new);
            l.len.store(total, Ordering::Release);
        } else {
            fill(part(slots, lo, lo + new.len()), new);
            move_down(slots, hi, lo + new.len(), n - hi);
            l.len.store(total, Ordering::Release);
            empty(part(slots, total, n));
        }
        None
    }

    /// Empties a list; the storage that it had, to be retired when the lock is free.
    fn clear_locked(&mut self, l: &ListObj) -> Option<Value> {
        // The mark of a list that is lent to a sort stays.
        let store = storage(l).filter(|s| s.cap != 0)?;
        l.len.store(0, Ordering::Release);
        self.store_empty(l.value(), &l.items);
        Some(store.value())
    }

    /// Empties a list.
    pub fn list_clear(&mut self, l: &ListObj) {
        let old = {
            let _g = l.header.lock(self.single_threaded());
            self.clear_locked(l)
        };
        if let Some(old) = old {
            self.retire_storage(old);
        }
    }

    /// Adds items at the end; the caller keeps them alive. MemoryError.
    pub fn list_extend(&mut self, l: &ListObj, new: &[Value]) -> PyResult<()> {
        self.list_splice(l, usize::MAX, usize::MAX, new)
    }

    /// Adds another list's items (or this list's own) at the end. MemoryError.
    pub fn list_extend_list(&mut self, l: &ListObj, src: &ListObj) -> PyResult<()> {
        if src.is_empty() {
            return Ok(());
        }
        if !self.single_threaded() {
            // The copy is private: reading it needs no second lock.
            let copy = self.list_gather(src, Stride::all)?;
            let Some(copy) = ListObj::of(copy) else { return Ok(()) };
            let items = copy.snapshot();
            let r = self.list_extend(l, &items);
            std::hint::black_box(copy);
            return r;
        }
        let (n, m) = (l.len(), src.len());
        let Some(total) = n.checked_add(m) else { return Err(self.no_memory()) };
        self.list_reserve(l, total)?;
        if let (Some(to), Some(from)) = (storage(l), storage(src)) {
            self.barrier(to.value());
            copy_slots(part(to.slots(), n, total), part(from.slots(), 0, m));
            l.len.store(total, Ordering::Release);
        }
        Ok(())
    }

    /// A new list of the items that `plan` names for the length. MemoryError.
    pub fn list_gather(&mut self, l: &ListObj, plan: impl Fn(usize) -> Stride) -> PyResult {
        loop {
            let n = l.len();
            let stride = plan(n);
            let fresh = self.values_for(stride.count)?;
            {
                let _g = l.header.lock(self.single_threaded());
                if l.len() != n {
                    continue;
                }
                if let Some(store) = storage(l) {
                    let (to, from) = (fresh.slots(), store.slots());
                    if stride.step == 1 {
                        copy_slots(to, part(from, stride.start, stride.start + stride.count));
                    } else {
                        for (t, i) in to.iter().zip(stride.indices()) {
                            t.init(from.get(i).and_then(Slot::get));
                        }
                    }
                }
            }
            return Ok(self.list_from_values(fresh, stride.count));
        }
    }

    /// A tuple of type `ty` (exactly tuple for `None`) of a list's items. MemoryError.
    pub fn list_to_tuple(&mut self, l: &ListObj, ty: Option<&TypeObj>) -> PyResult {
        if self.single_threaded() {
            let mut few = [Value::NONE; 16];
            let n = l.len();
            if let Some(few) = few.get_mut(..n) {
                few.iter_mut().zip(0..).for_each(|(to, i)| *to = l.get(i).unwrap_or(Value::NONE));
                return self.tuple_of(ty, few);
            }
            let r = self.tuple_of(ty, &l.snapshot());
            // The list keeps the items alive until here.
            std::hint::black_box(l);
            return r;
        }
        // A private copy keeps the items alive while the tuple is made.
        let copy = self.list_gather(l, Stride::all)?;
        let items = ListObj::of(copy).map(ListObj::snapshot).unwrap_or_default();
        let r = self.tuple_of(ty, &items);
        std::hint::black_box(copy);
        r
    }

    /// `a + b`. MemoryError.
    pub fn list_concat(&mut self, a: &ListObj, b: &ListObj) -> PyResult {
        loop {
            let (na, nb) = (a.len(), b.len());
            let Some(total) = na.checked_add(nb) else { return Err(self.no_memory()) };
            let fresh = self.values_for(total)?;
            if self.copy_if_len(a, na, part(fresh.slots(), 0, na))
                && self.copy_if_len(b, nb, part(fresh.slots(), na, total))
            {
                return Ok(self.list_from_values(fresh, total));
            }
        }
    }

    fn copy_if_len(&mut self, l: &ListObj, n: usize, to: &[Slot]) -> bool {
        let _g = l.header.lock(self.single_threaded());
        if l.len() != n {
            return false;
        }
        if let Some(store) = storage(l) {
            copy_slots(to, part(store.slots(), 0, n));
        }
        true
    }

    /// Storage with `times` copies of the `n` items of a list; `None` if it has another length by now. MemoryError.
    fn repeated(&mut self, l: &ListObj, n: usize, times: usize) -> PyResult<Option<&'static ValuesObj>> {
        let Some(total) = n.checked_mul(times) else { return Err(self.no_memory()) };
        let fresh = self.values_for(total)?;
        let slots = fresh.slots();
        if total > 0 && !self.copy_if_len(l, n, part(slots, 0, n)) {
            return Ok(None);
        }
        if let (1, Some(v)) = (n, slots.first().and_then(Slot::get)) {
            for s in slots {
                s.init(Some(v));
            }
        } else {
            for k in 1..times.min(total) {
                move_down(slots, 0, k * n, n);
            }
        }
        Ok(Some(fresh))
    }

    /// `l * times`. MemoryError.
    pub fn list_repeat(&mut self, l: &ListObj, times: usize) -> PyResult {
        loop {
            let n = l.len();
            if let Some(fresh) = self.repeated(l, n, times)? {
                return Ok(self.list_from_values(fresh, n.saturating_mul(times)));
            }
        }
    }

    /// `l *= times`. MemoryError.
    pub fn list_repeat_in_place(&mut self, l: &ListObj, times: usize) -> PyResult<()> {
        if times == 0 {
            self.list_clear(l);
            return Ok(());
        }
        loop {
            let n = l.len();
            if n == 0 || times == 1 {
                return Ok(());
            }
            let Some(fresh) = self.repeated(l, n, times)? else { continue };
            let lock = l.header.lock(self.single_threaded());
            if l.len() != n {
                continue;
            }
            let old = l.items.get();
            self.store(l.value(), &l.items, fresh.value());
            l.len.store(n.saturating_mul(times), Ordering::Release);
            drop(lock);
            if let Some(old) = old {
                self.retire_storage(old);
            }
            return Ok(());
        }
    }

    /// Reverses a list in place.
    pub fn list_reverse(&mut self, l: &ListObj) {
        let _g = l.header.lock(self.single_threaded());
        let n = l.len();
        let Some(store) = storage(l) else { return };
        self.barrier(store.value());
        let slots = part(store.slots(), 0, n);
        let (front, back) = slots.split_at(n / 2);
        for (a, b) in front.iter().zip(back.iter().rev()) {
            let (x, y) = (a.get(), b.get());
            a.init(y);
            b.init(x);
        }
    }

    /// Deletes the items that `plan` names for the length.
    pub fn list_delete(&mut self, l: &ListObj, plan: impl Fn(usize) -> Stride) {
        let (n, cap) = {
            let lock = l.header.lock(self.single_threaded());
            let n = l.len();
            let s = plan(n).ascending();
            let Some(store) = storage(l) else { return };
            if s.count == 0 {
                return;
            }
            if s.count >= n {
                let old = self.clear_locked(l);
                drop(lock);
                if let Some(old) = old {
                    self.retire_storage(old);
                }
                return;
            }
            let slots = store.slots();
            self.barrier(store.value());
            let step = s.step.unsigned_abs();
            let mut to = s.start;
            for k in 0..s.count {
                let from = s.start + k * step + 1;
                let next = if k + 1 == s.count { n } else { from + step - 1 };
                move_down(slots, from, to, next.saturating_sub(from));
                to += next.saturating_sub(from);
            }
            l.len.store(n - s.count, Ordering::Release);
            empty(part(slots, n - s.count, n));
            (n - s.count, store.cap)
        };
        if cap >= SHRINK_MIN && n < cap / 4 {
            self.list_shrink(l);
        }
    }

    /// Assigns `new` to the items that `plan` names for the length; `Err` with their number, without a change, if it differs.
    pub fn list_assign(
        &mut self,
        l: &ListObj,
        plan: impl Fn(usize) -> Stride,
        new: &[Value],
    ) -> Result<(), usize> {
        let _g = l.header.lock(self.single_threaded());
        let s = plan(l.len());
        if s.count != new.len() {
            return Err(s.count);
        }
        if let Some(store) = storage(l) {
            self.barrier(store.value());
            for (i, v) in s.indices().zip(new) {
                if let Some(slot) = store.slots().get(i) {
                    slot.init(Some(*v));
                }
            }
        }
        Ok(())
    }

    /// Takes the storage out of a list, which is empty until [`Ctx::list_give_back`]; `None` if it is empty, maybe since another
    /// thread has taken it: that one gives back. MemoryError.
    pub fn list_take(&mut self, l: &ListObj) -> PyResult<Option<Lent>> {
        let mark = self.values_for(0)?;
        let _g = l.header.lock(self.single_threaded());
        if l.is_empty() {
            return Ok(None);
        }
        let lent = Lent { store: storage(l), len: l.len(), mark };
        l.len.store(0, Ordering::Release);
        self.store(l.value(), &l.items, mark.value());
        Ok(Some(lent))
    }

    /// Gives back what [`Ctx::list_take`] took; whether the list had been left alone meanwhile. If not, what was put into it
    /// is lost.
    pub fn list_give_back(&mut self, l: &ListObj, lent: Lent) -> bool {
        let lock = l.header.lock(self.single_threaded());
        let put = storage(l);
        let untouched = put.is_some_and(|s| std::ptr::eq(s, lent.mark));
        l.len.store(0, Ordering::Release);
        match lent.store {
            Some(s) => {
                self.barrier(s.value());
                self.store(l.value(), &l.items, s.value());
                l.len.store(lent.len.min(s.cap), Ordering::Release);
            }
            None => self.store_empty(l.value(), &l.items),
        }
        drop(lock);
        if let Some(put) = put {
            self.retire_storage(put.value());
        }
        untouched
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::ProtoSpace;

    fn ctx() -> Box<Ctx> {
        let space = ProtoSpace::new((1, 2)).expect("space");
        Ctx::attach(&space, true).expect("thread")
    }

    fn list(cx: &mut Ctx, n: i64) -> &'static ListObj {
        let store = cx.new_values(n as usize).expect("memory");
        for (i, s) in store.slots().iter().enumerate() {
            s.init(Some(Value::small(i as i64)));
        }
        let v = cx.list_from_values(store, n as usize);
        ListObj::of(v).expect("list")
    }

    fn ints(l: &ListObj) -> Vec<i64> {
        l.snapshot().into_iter().filter_map(Value::as_small).collect()
    }

    fn tail_is_empty(l: &ListObj) -> bool {
        storage(l).is_none_or(|s| s.slots()[l.len()..].iter().all(Slot::is_empty))
    }

    #[test]
    fn insert_remove_pop() {
        let mut cx = ctx();
        let l = list(&mut cx, 3);
        for (at, v) in [(0, 10), (-1, 11), (99, 12), (-99, 13)] {
            assert!(cx.list_insert(l, at, Value::small(v)).is_ok());
        }
        assert_eq!(ints(l), [13, 10, 0, 1, 11, 2, 12]);
        assert_eq!(cx.list_remove(l, 2).and_then(Value::as_small), Some(0));
        assert_eq!(cx.list_pop(l).and_then(Value::as_small), Some(12));
        assert_eq!(ints(l), [13, 10, 1, 11, 2]);
        assert!(cx.list_remove(l, 5).is_none());
        assert!(tail_is_empty(l));
    }

    #[test]
    fn splices_agree_with_vec() {
        let mut cx = ctx();
        for n in 0..6 {
            for lo in 0..8usize {
                for hi in 0..8usize {
                    for m in 0..5i64 {
                        let l = list(&mut cx, n);
                        let mut model: Vec<i64> = (0..n).collect();
                        let new: Vec<Value> = (100..100 + m).map(Value::small).collect();
                        let a = lo.min(model.len());
                        let b = hi.clamp(a, model.len());
                        model.splice(a..b, 100..100 + m);
                        assert!(cx.list_splice(l, lo, hi, &new).is_ok());
                        assert_eq!(ints(l), model, "{n} {lo} {hi} {m}");
                        assert!(tail_is_empty(l));
                    }
                }
            }
        }
    }

    #[test]
    fn strides_delete_gather_and_assign() {
        let mut cx = ctx();
        for n in 1..9i64 {
            for start in 0..n as usize {
                for step in [-3isize, -2, -1, 1, 2, 3] {
                    let room = if step > 0 {
                        (n as usize - start - 1) / step as usize
                    } else {
                        start / -step as usize
                    };
                    for count in 0..=room + 1 {
                        let s = Stride { start, step, count };
                        let picked: Vec<i64> = s.indices().map(|i| i as i64).collect();
                        let l = list(&mut cx, n);
                        let got = cx.list_gather(l, |_| s).ok().and_then(ListObj::of).expect("list");
                        assert_eq!(ints(got), picked);
                        let new: Vec<Value> = (0..count as i64).map(|i| Value::small(50 + i)).collect();
                        assert_eq!(cx.list_assign(l, |_| s, &new), Ok(()));
                        let back = cx.list_gather(l, |_| s).ok().and_then(ListObj::of).expect("list");
                        assert_eq!(ints(back), (50..50 + count as i64).collect::<Vec<_>>());
                        let l = list(&mut cx, n);
                        cx.list_delete(l, |_| s);
                        let left: Vec<i64> = (0..n).filter(|i| !picked.contains(i)).collect();
                        assert_eq!(ints(l), left);
                        assert!(tail_is_empty(l));
                    }
                }
            }
        }
    }

    #[test]
    fn repeats_concatenates_extends_itself_and_reverses() {
        let mut cx = ctx();
        let l = list(&mut cx, 3);
        let r = cx.list_repeat(l, 2).ok().and_then(ListObj::of).expect("list");
        assert_eq!(ints(r), [0, 1, 2, 0, 1, 2]);
        let c = cx.list_concat(l, l).ok().and_then(ListObj::of).expect("list");
        assert_eq!(ints(c), [0, 1, 2, 0, 1, 2]);
        assert!(cx.list_extend_list(l, l).is_ok());
        cx.list_reverse(l);
        assert_eq!(ints(l), [2, 1, 0, 2, 1, 0]);
        assert!(cx.list_repeat_in_place(l, 2).is_ok());
        assert_eq!(l.len(), 12);
        assert!(cx.list_repeat_in_place(l, 0).is_ok());
        assert!(l.is_empty() && l.items.is_empty());
    }

    #[test]
    fn taken_storage_comes_back_and_meddling_is_noticed() {
        let mut cx = ctx();
        let l = list(&mut cx, 3);
        let lent = cx.list_take(l).expect("memory").expect("items");
        assert!(l.is_empty());
        assert!(cx.list_take(l).expect("memory").is_none(), "who comes second gives nothing back");
        cx.list_clear(l);
        assert!(cx.list_give_back(l, lent));
        let lent = cx.list_take(l).expect("memory").expect("items");
        assert!(cx.list_append(l, Value::NONE).is_ok());
        cx.list_clear(l);
        assert!(!cx.list_give_back(l, lent));
        assert_eq!(ints(l), [0, 1, 2]);
    }

    #[test]
    fn threads_share_a_list() {
        let space = ProtoSpace::new((1, 2)).expect("space");
        let mut cx = Ctx::attach(&space, true).expect("thread");
        let l = list(&mut cx, 100);
        space.set_root(crate::space::Root::Immortal, l.value());
        let work = |seed: u64| {
            let mut cx = Ctx::attach(&space, false).expect("thread");
            let l = ListObj::of(cx.root(crate::space::Root::Immortal)).expect("list");
            let mut x = seed;
            let mut balance = 0i64;
            for _ in 0..20_000 {
                x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let i = (x >> 33) as i64 % 120;
                match (x >> 60) % 8 {
                    0 | 1 => balance += i64::from(cx.list_append(l, Value::small(i)).is_ok()),
                    2 => balance += i64::from(cx.list_insert(l, i, Value::small(i)).is_ok()),
                    3 => balance -= i64::from(cx.list_pop(l).is_some()),
                    4 | 5 => balance -= i64::from(cx.list_remove(l, i as usize).is_some()),
                    6 => cx.list_reverse(l),
                    _ => {
                        let copy = cx.list_gather(l, Stride::all).ok().and_then(ListObj::of).expect("list");
                        assert_eq!(copy.snapshot().len(), copy.len(), "a copy has no holes");
                    }
                }
                if let Some(v) = l.get(i as usize) {
                    assert!(v.as_small().is_some());
                }
                assert!(cx.safepoint().is_ok());
            }
            balance
        };
        let total: i64 = std::thread::scope(|s| {
            let all: Vec<_> = (1..5).map(|n| s.spawn(move || work(n * 7919))).collect();
            cx.blocking(|| all.into_iter().map(|t| t.join().expect("no panic")).sum())
        });
        assert_eq!(l.len() as i64, 100 + total);
        assert!(tail_is_empty(l) && l.snapshot().len() == l.len());
    }

    #[test]
    fn long_lists_shrink() {
        let mut cx = ctx();
        let l = list(&mut cx, 4096);
        while l.len() > 10 {
            cx.list_pop(l);
        }
        assert_eq!(ints(l), (0..10).collect::<Vec<_>>());
        assert!(storage(l).is_some_and(|s| s.cap < SHRINK_MIN));
    }
}
