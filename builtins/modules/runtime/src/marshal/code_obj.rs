//! Code objects as bytes: plain data is made of the object, whose constants and file name may have been exchanged, and
//! encoded by the compiler.

use protocore::Value;
use protocore::dict::DictObj;
use protocore::header::Layout;
use protocore::layouts::{BytesObj, CodeObj, ComplexObj, FloatObj, IntRef, SliceObj, StrObj, TupleObj};
use protopy_bytecode::{CodeData, Const};
use protopy_compiler::cache;
use protopy_vm::protocore::Held;
use std::sync::Arc;

/// Deepest nesting of constants and code; the decoder's own bound is lower.
const MAX_NESTING: usize = 250;

/// The bytes of a code object; `None` if a constant is of a type that the compiler does not make.
pub(super) fn code_bytes(c: &CodeObj) -> Option<Vec<u8>> {
    Some(cache::encode(&*plain(c, 0)?))
}

/// The code object of some bytes, if they are whole and obey the instruction set's contract.
pub(super) fn code_from(b: &[u8]) -> Option<Arc<CodeData>> {
    cache::decode(b).ok().map(Arc::new)
}

fn plain(c: &CodeObj, depth: usize) -> Option<Arc<CodeData>> {
    if depth > MAX_NESTING {
        return None;
    }
    let data = &c.rt.data;
    let consts = c.rt.consts.iter().map(|v| constant(*v, depth + 1)).collect::<Option<Vec<Const>>>()?;
    let file = c.rt.filename.get().and_then(StrObj::of).and_then(StrObj::to_utf8)?;
    let filename = if *file == *data.filename { data.filename.clone() } else { file.into() };
    Some(Arc::new(CodeData { consts, filename, ..CodeData::clone(data) }))
}

fn constant(v: Value, depth: usize) -> Option<Const> {
    if depth > MAX_NESTING {
        return None;
    }
    let many =
        |items: &[Value]| items.iter().map(|x| constant(*x, depth + 1)).collect::<Option<Box<[Const]>>>();
    Some(match v {
        v if v.is_none() => Const::None,
        v if v.is(Value::TRUE) => Const::True,
        v if v.is(Value::FALSE) => Const::False,
        v if v.is(Value::ELLIPSIS) => Const::Ellipsis,
        v if v.is_small() => Const::Int(v.as_small()?),
        v if v.is_imm_float() => Const::Float(v.as_imm_float()?),
        v => match v.layout() {
            Layout::Int => match IntRef::of(v)? {
                IntRef::Small(n) => Const::Int(n),
                IntRef::Big(b) => {
                    let (sign, bytes) = b.to_bytes_le();
                    Const::BigInt { negative: sign == num_bigint::Sign::Minus, magnitude: bytes.into() }
                }
            },
            Layout::Float => Const::Float(FloatObj::of(v)?),
            Layout::Complex => ComplexObj::of(v).map(|c| Const::Complex(c.re, c.im))?,
            Layout::Str => {
                let s = StrObj::of(v)?;
                match s.to_utf8() {
                    Some(t) => Const::Str(t.into()),
                    None => Const::WideStr(s.str_ref().chars().collect()),
                }
            }
            Layout::Bytes => Const::Bytes(BytesObj::of(v)?.bytes().into()),
            Layout::Tuple => Const::Tuple(many(TupleObj::of(v)?.items())?),
            Layout::FrozenSet => {
                let keys: Held<Value> =
                    DictObj::of_set(v)?.snapshot().into_iter().map(|(_, k, _)| k).collect();
                Const::FrozenSet(many(&keys)?)
            }
            Layout::Slice => {
                let s = SliceObj::of(v)?;
                let part = |p: &protocore::Slot| constant(p.get_or_none(), depth + 1);
                Const::Slice(Box::new([part(&s.start)?, part(&s.stop)?, part(&s.step)?]))
            }
            Layout::Code => Const::Code(plain(CodeObj::of(v)?, depth + 1)?),
            _ => return None,
        },
    })
}
