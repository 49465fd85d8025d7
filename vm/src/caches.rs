//! Flushing inline caches.

use protocore::Ctx;
use protocore::layouts::CodeObj;
use protopy_bytecode::{Instr, Op};
use std::sync::atomic::Ordering;

/// Empties the attribute caches of all code objects: for the rare change of a class that slot caches do not check, such as
/// a data descriptor that appears for a name that instances already have.
pub fn flush_all(cx: &mut Ctx) {
    cx.for_each_object(&mut |v| {
        if let Some(c) = CodeObj::of(v) {
            flush(c);
        }
    });
}

fn flush(c: &CodeObj) {
    let mut i = 0;
    while let Some(w) = c.rt.code.get(i) {
        let op = Op::from_u16(Instr(w.load(Ordering::Relaxed)).op_number());
        let caches = op.map_or(0, |o| o.info().caches);
        if matches!(op, Some(Op::LoadAttr | Op::StoreAttr)) {
            for k in 1..=caches {
                if let Some(w) = c.rt.code.get(i + k) {
                    w.store(0, Ordering::SeqCst);
                }
            }
        }
        i += 1 + caches;
    }
}
