//! What is known to be bound, and joins of it at labels.

use super::{Compiler, Label, Reg};

/// A set of registers.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Bits {
    low: u64,
    high: Vec<u64>,
}

impl Bits {
    pub fn has(&self, r: Reg) -> bool {
        if r < 64 {
            return self.low >> r & 1 != 0;
        }
        let r = usize::from(r) - 64;
        self.high.get(r / 64).is_some_and(|w| w >> (r % 64) & 1 != 0)
    }

    pub fn add(&mut self, r: Reg) {
        if r < 64 {
            self.low |= 1 << r;
            return;
        }
        let r = usize::from(r) - 64;
        if self.high.len() <= r / 64 {
            self.high.resize(r / 64 + 1, 0);
        }
        self.high[r / 64] |= 1 << (r % 64);
    }

    pub fn remove(&mut self, r: Reg) {
        if r < 64 {
            self.low &= !(1 << r);
            return;
        }
        let r = usize::from(r) - 64;
        if let Some(w) = self.high.get_mut(r / 64) {
            *w &= !(1 << (r % 64));
        }
    }

    pub fn intersect(&mut self, other: &Bits) {
        self.low &= other.low;
        self.high.truncate(other.high.len());
        for (a, b) in self.high.iter_mut().zip(&other.high) {
            *a &= b;
        }
    }

    pub fn subtract(&mut self, other: &Bits) {
        self.low &= !other.low;
        for (a, b) in self.high.iter_mut().zip(&other.high) {
            *a &= !b;
        }
    }
}

impl Compiler<'_> {
    /// Control may go from here to `label`.
    pub fn join(&mut self, label: Label) {
        match self.u.label_states.get_mut(&label) {
            Some(state) => state.intersect(&self.u.bound),
            None => {
                self.u.label_states.insert(label, self.u.bound.clone());
            }
        }
    }

    /// Binds a label that only earlier code jumps to.
    pub fn bind(&mut self, label: Label) {
        if let Some(state) = self.u.label_states.remove(&label) {
            if self.u.reachable {
                self.u.bound.intersect(&state);
            } else {
                self.u.bound = state;
                self.u.reachable = true;
            }
        }
        self.u.asm.bind(label);
    }

    /// Binds a label that later code jumps back to: what a loop's body may unbind is not known to be bound.
    pub fn bind_loop(&mut self, label: Label) {
        self.bind(label);
        let deleted = std::mem::take(&mut self.u.deleted);
        self.u.bound.subtract(&deleted);
        self.u.deleted = deleted;
    }

    /// What is bound at the entry of a handler of code that starts here.
    pub fn handler_state(&self) -> Bits {
        let mut bits = self.u.bound.clone();
        bits.subtract(&self.u.deleted);
        bits
    }

    /// Goes on at a handler's entry.
    pub fn enter_handler(&mut self, label: Label, state: Bits) {
        self.u.bound = state;
        self.u.reachable = true;
        self.u.asm.bind(label);
    }
}
