//! How the collector learns what an object refers to.

use crate::header::Header;
use crate::slot::Slot;
use crate::value::Value;
use std::any::TypeId;

/// What the collector and the downcast need to know of a layout.
pub struct LayoutVt {
    /// Name for diagnostics.
    pub name: &'static str,
    /// Bytes of the fixed part, header included.
    pub size: usize,
    /// Visits the references of the fixed part (not of the attribute area).
    pub trace: unsafe fn(*const Header, &mut Tracer),
    /// Drops the Rust values in the object, if any need it. Runs at sweep, on any thread, with other dead objects possibly gone.
    pub drop: Option<unsafe fn(*mut Header)>,
    /// The payload type of a native layout.
    pub type_id: fn() -> TypeId,
}

/// Collects references during marking.
pub struct Tracer {
    /// Objects marked whose references are still to be visited.
    pub(crate) stack: Vec<Value>,
    /// Marks an object; answers whether it was unmarked.
    pub(crate) mark: fn(&mut Tracer, Value) -> bool,
    /// The heap that is being marked.
    pub(crate) heap: *const crate::heap::Heap,
}

impl Tracer {
    /// Visits a reference.
    #[inline]
    pub fn visit(&mut self, v: Value) {
        if v.is_heap() && (self.mark)(self, v) {
            self.stack.push(v);
        }
    }

    /// Visits a slot's content.
    #[inline]
    pub fn slot(&mut self, s: &Slot) {
        if let Some(v) = s.get() {
            self.visit(v);
        }
    }

    /// Visits several slots.
    pub fn slots(&mut self, all: &[Slot]) {
        for s in all {
            self.slot(s);
        }
    }

    /// Visits several values.
    pub fn values<'a>(&mut self, all: impl IntoIterator<Item = &'a Value>) {
        for v in all {
            self.visit(*v);
        }
    }
}
