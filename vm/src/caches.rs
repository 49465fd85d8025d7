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
        // A word without a shape. The generation of a paired key is kept, since none may repeat.
        let keep = match op {
            Some(Op::LoadAttr) => Some(0),
            Some(Op::StoreAttr) => Some(protocore::pairing::GENERATIONS),
            _ => None,
        };
        if let (Some(keep), Some(w)) = (keep, c.rt.code.get(i + 1)) {
            w.fetch_and(keep, Ordering::SeqCst);
        }
        i += 1 + caches;
    }
}
