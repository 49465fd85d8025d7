//! The module `_random`: the generator behind `random.Random`.
//!
//! The state is behind the object's own lock, so threads may share a generator; each call takes the lock once.

use crate::errors::index_ref;
use protocore::layouts::{IntRef, MethodDef, TupleObj};
use protocore::types::{InitFn, SlotSpec, type_flags};
use protocore::{
    Args, Ctx, Guarded, Layout, NativeLayout, Payload, PyResult, Raised, Tracer, Ty, TypeObj, Value,
};
use protopy_num::mt19937::{Mt19937, N};
use protopy_vm::types::create_type;
use protopy_vm::{ModuleSpec, TypeSpec, keep_alive, methods, protocore, set_attr_str};
use std::io::Read;
use std::time::{SystemTime, UNIX_EPOCH};

/// `_random`
pub static RANDOM: ModuleSpec = ModuleSpec {
    name: "_random",
    doc: "The Mersenne Twister that the module random is built on.",
    functions: &[],
    init: Some(init),
};

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let ty = create_type(cx, &TYPE)?;
    set_attr_str(cx, module, "Random", ty)
}

struct Generator(Guarded<Mt19937>);

impl Payload for Generator {
    const NAME: &'static str = "Random";

    fn trace(&self, _: &mut Tracer) {}
}

static TYPE: TypeSpec = TypeSpec {
    name: "Random",
    module: "_random",
    layout: Layout::Native,
    vt: Some(<Generator as NativeLayout>::VT),
    flags: type_flags::BASETYPE,
    slots: SlotSpec { new: Some(random_new), init: Some(random_init), ..SlotSpec::NONE },
    methods: METHODS,
    doc: "A random number generator with a state of its own.",
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// A random float from 0 up to but not including 1.
    "random(self, /)" => random;
    /// Starts anew from a number or any other hashable object; from the system's source of chance for None.
    "seed(self, n=None, /)" => seed;
    /// The state, as a tuple of ints.
    "getstate(self, /)" => getstate;
    /// Goes back to a state that getstate told.
    "setstate(self, state, /)" => setstate;
    /// An int of k random bits.
    "getrandbits(self, k, /)" => getrandbits;
];

fn random_new(cx: &mut Ctx, cls: Value, _: Args<'_>) -> PyResult {
    let Some(ty) = TypeObj::of(cls) else {
        return Err(cx.type_error("Random.__new__(X): X is not a type object"));
    };
    Ok(cx.new_native(ty, Generator(Guarded::new(Mt19937::from_seed(0)))))
}

/// Seeds. A subclass with an `__init__` of its own may take keyword arguments and pass them on here.
fn random_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    let own: InitFn = random_init;
    let inherited = cx.type_of(this).slots.init.get().is_some_and(|f| f as usize == own as usize);
    if args.nkw() > 0 && inherited {
        return Err(cx.type_error("Random() takes no keyword arguments"));
    }
    match args.pos() {
        [] => seed_with(cx, this, Value::NONE),
        [n] => seed_with(cx, this, *n),
        more => {
            let msg = format!("Random expected at most 1 argument, got {}", more.len());
            Err(cx.type_error(&msg))
        }
    }
}

fn generator(cx: &mut Ctx, v: Value) -> PyResult<&'static Guarded<Mt19937>> {
    match v.native::<Generator>() {
        Some(g) => Ok(&g.0),
        None => Err(bad_receiver(cx, v)),
    }
}

#[cold]
fn bad_receiver(cx: &mut Ctx, v: Value) -> Raised {
    let msg = format!(
        "descriptor requires a '_random.Random' object but received a '{}'",
        protopy_vm::ops::tp_name(cx, v)
    );
    cx.type_error(&msg)
}

// ---------------------------------------------------------------------------------------------------- seeding

/// A key from the system's source of chance; from clock and process number if there is none.
fn system_key() -> Vec<u32> {
    let mut bytes = [0u8; N * 4];
    let read = std::fs::File::open("/dev/urandom").and_then(|mut f| f.read_exact(&mut bytes));
    if read.is_ok() {
        return bytes.chunks_exact(4).map(|c| c.iter().fold(0, |n, b| n << 8 | u32::from(*b))).collect();
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let unique: *const u8 = bytes.as_ptr();
    vec![now.subsec_nanos(), now.as_secs() as u32, std::process::id(), unique as usize as u32]
}

/// The little-endian 32-bit words of a number, without leading zeros.
fn words(n: u64) -> Vec<u32> {
    let (low, high) = (n as u32, (n >> 32) as u32);
    if high == 0 { vec![low] } else { vec![low, high] }
}

fn seed_with(cx: &mut Ctx, this: Value, n: Value) -> PyResult<()> {
    let key = if n.is_none() {
        system_key()
    } else {
        match IntRef::of(n) {
            Some(IntRef::Small(n)) => words(n.unsigned_abs()),
            Some(IntRef::Big(b)) => b.magnitude().to_u32_digits(),
            None => words(protopy_vm::hash(cx, n)? as u64),
        }
    };
    keep_alive(n);
    let fresh = Mt19937::from_key(&key);
    generator(cx, this)?.with(|mt| *mt = fresh);
    Ok(())
}

fn seed(cx: &mut Ctx, args: &[Value]) -> PyResult {
    seed_with(cx, args[0], args[1])?;
    Ok(Value::NONE)
}

// ---------------------------------------------------------------------------------------------------- numbers

fn random(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let x = generator(cx, args[0])?.with(Mt19937::random);
    Ok(cx.float(x))
}

fn getrandbits(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let (owner, k) = index_ref(cx, args[1])?;
    if k.signum() < 0 {
        return Err(cx.value_error("Cannot convert negative int"));
    }
    let k = match k {
        IntRef::Small(n) => Some(n.unsigned_abs()),
        IntRef::Big(b) => num_traits::ToPrimitive::to_u64(b),
    };
    keep_alive(owner);
    let Some(k) = k else {
        return Err(cx.raise_str(Ty::OverflowError, "Python int too large for C uint64_t"));
    };
    let mt = generator(cx, args[0])?;
    match u32::try_from(k) {
        Ok(k) if k <= 64 => {
            let n = mt.with(|mt| mt.bits_u64(k));
            Ok(cx.int_u64(n))
        }
        _ => match mt.with(|mt| mt.bits(k)) {
            Some(n) => Ok(cx.bigint(n)),
            None => Err(cx.no_memory()),
        },
    }
}

// ---------------------------------------------------------------------------------------------------- state

fn getstate(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let mt = generator(cx, args[0])?.with(|mt| mt.clone());
    let (state, index) = mt.state();
    let mut all: Vec<Value> = state.iter().map(|w| Value::small(i64::from(*w))).collect();
    all.push(cx.int_usize(index));
    cx.tuple_of(None, &all)
}

/// A word of the state: the low 32 bits of an int that fits 64.
fn state_word(cx: &mut Ctx, v: Value) -> PyResult<u32> {
    let Some(n) = IntRef::of(v) else { return Err(cx.type_error("an integer is required")) };
    if n.signum() < 0 {
        return Err(cx.raise_str(Ty::OverflowError, "can't convert negative value to unsigned int"));
    }
    let word = match n {
        IntRef::Small(n) => Some(n as u64),
        IntRef::Big(b) => num_traits::ToPrimitive::to_u64(b),
    };
    match word {
        Some(w) => Ok(w as u32),
        None => Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C unsigned long")),
    }
}

fn setstate(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let Some(state) = TupleObj::of(args[1]) else {
        return Err(cx.type_error("state vector must be a tuple"));
    };
    let (words, index) = match state.items() {
        [words @ .., index] if words.len() == N => (words, *index),
        _ => return Err(cx.value_error("state vector is the wrong size")),
    };
    let mut fresh = [0u32; N];
    for (to, from) in fresh.iter_mut().zip(words) {
        *to = state_word(cx, *from)?;
    }
    let (_, index) = index_ref(cx, index)?;
    let Some(index) = index.to_i64() else {
        return Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C long"));
    };
    let made = usize::try_from(index).ok().and_then(|index| Mt19937::from_state(fresh, index));
    let Some(mt) = made else { return Err(cx.value_error("invalid state")) };
    generator(cx, args[0])?.with(|old| *old = mt);
    Ok(Value::NONE)
}
