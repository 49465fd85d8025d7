//! Values that native code has copied out of containers, in memory of `malloc` that the collector sees.
//!
//! A `Vec<Value>` is not scanned. Whoever copies items out of a container that Python code or other threads may change, and allocates
//! while it goes through them, needs something that keeps them alive: the container may have let go of them. [`Held`] is a vector that
//! stands in a list of its thread for as long as it lives; the collector visits what the vectors of a stopped thread hold.
//!
//! 1. The list is changed by its thread alone, between safepoints, and read by the collector while the world is stopped.
//! 2. A vector that is empty stands in no list, and costs nothing.
//! 3. Vectors do not leave their thread: the type is neither `Send` nor `Sync`, so that no payload can own one.

use crate::value::Value;
use std::cell::Cell;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr;

/// What a [`Held`] may hold: words without padding, each a value or a number.
///
/// # Safety
/// The size is a multiple of 8, and all bytes are initialised.
pub unsafe trait Words: Copy {}

// SAFETY: one word.
unsafe impl Words for Value {}
// SAFETY: one word.
unsafe impl<T> Words for &'static T {}
// SAFETY: two words.
unsafe impl Words for (Value, Value) {}
// SAFETY: three words.
unsafe impl Words for (i64, Value, Value) {}

/// A vector's place in its thread's list.
struct Node {
    previous: Cell<*const Node>,
    next: Cell<*const Node>,
    start: Cell<*const Value>,
    words: Cell<usize>,
}

/// The first vector of a thread.
pub(crate) struct Anchor(Cell<*const Node>);

thread_local! {
    static ANCHOR: Anchor = const { Anchor(Cell::new(ptr::null())) };
}

/// The calling thread's list.
pub(crate) fn anchor() -> *const Anchor {
    ANCHOR.with(ptr::from_ref)
}

/// Takes the calling thread's vectors out of its list, which begins anew: the thread goes into another space, whose collector has no
/// business with them. To be undone by [`put_back`], when the new list is empty again.
pub(crate) fn set_aside() -> Box<Anchor> {
    Box::new(Anchor(Cell::new(ANCHOR.with(|a| a.0.replace(ptr::null())))))
}

/// Makes the vectors that were set aside the thread's list.
pub(crate) fn put_back(aside: &Anchor) {
    ANCHOR.with(|a| {
        debug_assert!(a.0.get().is_null(), "a vector of another space is left");
        a.0.set(aside.0.get());
    });
}

impl Anchor {
    /// Shows the words of all vectors to `f`.
    ///
    /// # Safety
    /// The thread is stopped at a safepoint, or is the calling one.
    pub(crate) unsafe fn each(&self, mut f: impl FnMut(&[Value])) {
        let mut at = self.0.get();
        // SAFETY: nodes of the list are alive, and their vectors are not changed meanwhile.
        while let Some(n) = unsafe { at.as_ref() } {
            // SAFETY: the vector of the node says where its words are, and how many.
            f(unsafe { std::slice::from_raw_parts(n.start.get(), n.words.get()) });
            at = n.next.get();
        }
    }
}

/// A vector of values (or of tuples of them) whose content the collector keeps alive.
pub struct Held<T: Words> {
    items: Vec<T>,
    node: Option<Box<Node>>,
    here: PhantomData<*const ()>,
}

impl<T: Words> Held<T> {
    /// An empty vector.
    pub const fn new() -> Held<T> {
        Held { items: Vec::new(), node: None, here: PhantomData }
    }

    /// An empty vector with room for `n` items.
    pub fn with_capacity(n: usize) -> Held<T> {
        let mut h = Held::new();
        h.reserve(n);
        h
    }

    /// Makes room for `n` more items.
    pub fn reserve(&mut self, n: usize) {
        self.items.reserve(n);
        if self.items.capacity() > 0 && self.node.is_none() {
            self.enter();
        }
        self.publish();
    }

    /// Number of items that fit without another allocation.
    pub fn capacity(&self) -> usize {
        self.items.capacity()
    }

    /// Adds an item.
    #[inline]
    pub fn push(&mut self, item: T) {
        if self.items.len() == self.items.capacity() {
            self.reserve(1);
        }
        self.items.push(item);
        self.publish();
    }

    /// Keeps the first `n` items.
    pub fn truncate(&mut self, n: usize) {
        self.items.truncate(n);
        self.publish();
    }

    /// Removes and answers the last item, which is not held any more.
    pub fn pop(&mut self) -> Option<T> {
        let last = self.items.pop();
        self.publish();
        last
    }

    #[inline]
    fn publish(&self) {
        if let Some(n) = &self.node {
            n.start.set(self.items.as_ptr().cast());
            n.words.set(self.items.len() * (size_of::<T>() / 8));
        }
    }

    fn enter(&mut self) {
        ANCHOR.with(|a| {
            let next = a.0.get();
            let node = Box::new(Node {
                previous: Cell::new(ptr::null()),
                next: Cell::new(next),
                start: Cell::new(ptr::null()),
                words: Cell::new(0),
            });
            node.start.set(self.items.as_ptr().cast());
            let at: *const Node = &*node;
            // SAFETY: nodes of the list are alive.
            if let Some(n) = unsafe { next.as_ref() } {
                n.previous.set(at);
            }
            a.0.set(at);
            self.node = Some(node);
        });
    }
}

impl<T: Words> Drop for Held<T> {
    #[inline]
    fn drop(&mut self) {
        let Some(n) = &self.node else { return };
        let (previous, next) = (n.previous.get(), n.next.get());
        // SAFETY: neighbours in the list are alive.
        unsafe {
            match previous.as_ref() {
                Some(p) => p.next.set(next),
                None => ANCHOR.with(|a| a.0.set(next)),
            }
            if let Some(n) = next.as_ref() {
                n.previous.set(previous);
            }
        }
    }
}

impl<T: Words> Default for Held<T> {
    fn default() -> Self {
        Held::new()
    }
}

impl<T: Words> Deref for Held<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        &self.items
    }
}

impl<T: Words> DerefMut for Held<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.items
    }
}

impl<T: Words> FromIterator<T> for Held<T> {
    fn from_iter<I: IntoIterator<Item = T>>(iter: I) -> Held<T> {
        let mut h = Held::new();
        h.extend(iter);
        h
    }
}

impl<T: Words> Extend<T> for Held<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, iter: I) {
        let iter = iter.into_iter();
        let (least, _) = iter.size_hint();
        self.reserve(least);
        iter.for_each(|x| self.push(x));
    }
}

impl<T: Words> From<&[T]> for Held<T> {
    fn from(items: &[T]) -> Held<T> {
        items.iter().copied().collect()
    }
}

/// Gives the items one by one, and holds all of them until its end.
pub struct HeldIter<T: Words> {
    held: Held<T>,
    at: usize,
}

impl<T: Words> Iterator for HeldIter<T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        let item = self.held.items.get(self.at).copied()?;
        self.at += 1;
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let n = self.held.len() - self.at;
        (n, Some(n))
    }
}

impl<T: Words> ExactSizeIterator for HeldIter<T> {}

impl<T: Words> IntoIterator for Held<T> {
    type Item = T;
    type IntoIter = HeldIter<T>;

    fn into_iter(self) -> HeldIter<T> {
        HeldIter { held: self, at: 0 }
    }
}

impl<'a, T: Words> IntoIterator for &'a Held<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> std::slice::Iter<'a, T> {
        self.items.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Vec<usize> {
        let mut all = Vec::new();
        // SAFETY: this thread's list.
        ANCHOR.with(|a| unsafe { a.each(|w| all.push(w.len())) });
        all
    }

    #[test]
    fn vectors_stand_in_the_list_while_they_live() {
        let a: Held<Value> = (0..3).map(Value::small).collect();
        let none: Held<Value> = Held::new();
        let mut b: Held<(Value, Value)> = Held::new();
        b.push((Value::NONE, Value::TRUE));
        let mut c: Held<(i64, Value, Value)> = Held::with_capacity(1);
        assert_eq!(words(), [0, 2, 3]);
        (0..100).for_each(|i| c.push((i, Value::NONE, Value::NONE)));
        assert_eq!(words(), [300, 2, 3]);
        drop(b);
        assert_eq!(words(), [300, 3]);
        let mut it = c.into_iter();
        assert_eq!(it.next().map(|x| x.0), Some(0));
        assert_eq!(words(), [300, 3], "an iterator holds what it has given, too");
        drop(it);
        drop(a);
        drop(none);
        assert!(words().is_empty());
    }
}
