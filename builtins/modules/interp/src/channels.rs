//! `_interpchannels`: the functions and types of channels.

use crate::channel::{Channel, End, Fate, Item, Sender, Trouble};
use crate::lease;
use crate::queues::{fallback_op, unbound_op};
use crate::shared::{self, Fallback, Shared};
use crate::state;
use protopy_vm::protocore::layouts::IntRef;
use protopy_vm::protocore::types::{CmpOp, SlotSpec, type_flags};
use protopy_vm::protocore::{
    Ctx, Held, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::structseq::{METHODS as SEQ_METHODS, SLOTS as SEQ_SLOTS, new_structseq, new_structseq_type};
use protopy_vm::{self as vm, ModuleSpec, TypeSpec, getsets, methods, modules::module_set};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a sender sleeps before it looks for signals.
const SLICE: Duration = Duration::from_millis(20);

// ---------------------------------------------------------------------------------------------------- errors

const EXCEPTION: TypeSpec = TypeSpec { module: "_interpchannels", ..state::EXCEPTION };

static ERROR: TypeSpec =
    TypeSpec { name: "ChannelError", doc: "Something is wrong with a channel.", ..EXCEPTION };
static NOT_FOUND: TypeSpec =
    TypeSpec { name: "ChannelNotFoundError", doc: "There is no such channel.", ..EXCEPTION };
static CLOSED: TypeSpec = TypeSpec { name: "ChannelClosedError", doc: "The channel is closed.", ..EXCEPTION };
static EMPTY: TypeSpec = TypeSpec { name: "ChannelEmptyError", doc: "The channel is empty.", ..EXCEPTION };
static NOT_EMPTY: TypeSpec =
    TypeSpec { name: "ChannelNotEmptyError", doc: "The channel is not empty.", ..EXCEPTION };

fn error_type(cx: &mut Ctx) -> PyResult {
    let base = cx.ty(Ty::RuntimeError).value();
    state::exception(cx, &state::of(cx).channel_errors[0], &ERROR, base)
}

fn trouble_type(cx: &mut Ctx, t: Trouble) -> PyResult {
    let base = error_type(cx)?;
    let (i, spec) = match t {
        Trouble::NotFound => (1, &NOT_FOUND),
        Trouble::Closed => (2, &CLOSED),
        Trouble::Empty => (3, &EMPTY),
        Trouble::NotEmpty => (4, &NOT_EMPTY),
    };
    state::exception(cx, &state::of(cx).channel_errors[i], spec, base)
}

fn raise<T>(cx: &mut Ctx, id: i64, t: Trouble) -> PyResult<T> {
    let class = trouble_type(cx, t);
    let what = match t {
        Trouble::NotFound => "not found",
        Trouble::Closed => "is closed",
        Trouble::Empty => "is empty",
        Trouble::NotEmpty => "may not be closed if not empty (try force=True)",
    };
    state::raise(cx, class, &format!("channel {id} {what}"))
}

fn check<T>(cx: &mut Ctx, id: i64, r: Result<T, Trouble>) -> PyResult<T> {
    r.or_else(|t| raise(cx, id, t))
}

// ---------------------------------------------------------------------------------------------------- numbers of channels

/// `_interpchannels.ChannelID`
struct ChannelId {
    id: i64,
    end: End,
}

impl Payload for ChannelId {
    const NAME: &'static str = "ChannelID";

    fn trace(&self, _: &mut Tracer) {}
}

static ID: TypeSpec = TypeSpec {
    name: "ChannelID",
    module: "_interpchannels",
    layout: Layout::Native,
    vt: Some(<ChannelId as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec {
        repr: Some(id_repr),
        str: Some(id_str),
        hash: Some(id_hash),
        compare: Some(id_compare),
        int: Some(id_int),
        index: Some(id_int),
        ..SlotSpec::NONE
    },
    getsets: getsets![
        /// 'send', 'recv' or 'both'
        "end" => id_end;
        /// The 'send' end of the channel.
        "send" => id_send;
        /// The 'recv' end of the channel.
        "recv" => id_recv;
    ],
    doc: "A channel ID identifies a channel and may be used as an int.",
    ..TypeSpec::BASE
};

fn id_type(cx: &mut Ctx) -> PyResult {
    state::native_type(cx, &state::of(cx).channel_id, &ID)
}

fn new_id(cx: &mut Ctx, id: i64, end: End) -> PyResult {
    let t = id_type(cx)?;
    match TypeObj::of(t) {
        Some(t) => Ok(cx.new_native(t, ChannelId { id, end })),
        None => Err(cx.type_error("no type for channels")),
    }
}

fn parts(cx: &mut Ctx, v: Value) -> PyResult<(i64, End)> {
    match v.native::<ChannelId>() {
        Some(c) => Ok((c.id, c.end)),
        None => Err(cx.type_error("not a ChannelID")),
    }
}

fn id_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let (id, end) = parts(cx, v)?;
    Ok(cx.str(&match end {
        End::Both => format!("ChannelID({id})"),
        End::Send => format!("ChannelID({id}, send=True)"),
        End::Recv => format!("ChannelID({id}, recv=True)"),
    }))
}

fn id_str(cx: &mut Ctx, v: Value) -> PyResult {
    let (id, _) = parts(cx, v)?;
    Ok(cx.str(&id.to_string()))
}

fn id_int(cx: &mut Ctx, v: Value) -> PyResult {
    let (id, _) = parts(cx, v)?;
    Ok(cx.int(id))
}

fn id_hash(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    let n = id_int(cx, v)?;
    vm::hash(cx, n)
}

fn id_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    if !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let Some(x) = a.native::<ChannelId>() else { return Ok(Value::NOT_IMPLEMENTED) };
    let equal = match b.native::<ChannelId>() {
        Some(y) => x.id == y.id && x.end == y.end,
        None if cx.is_instance(b, Ty::Int) || cx.is_instance(b, Ty::Float) => {
            let n = cx.int(x.id);
            vm::eq(cx, n, b)?
        }
        None => return Ok(Value::NOT_IMPLEMENTED),
    };
    Ok(Value::bool(equal == matches!(op, CmpOp::Eq)))
}

fn id_end(cx: &mut Ctx, v: Value) -> PyResult {
    let (_, end) = parts(cx, v)?;
    Ok(cx.str(match end {
        End::Send => "send",
        End::Recv => "recv",
        End::Both => "both",
    }))
}

fn id_send(cx: &mut Ctx, v: Value) -> PyResult {
    let (id, _) = parts(cx, v)?;
    new_id(cx, id, End::Send)
}

fn id_recv(cx: &mut Ctx, v: Value) -> PyResult {
    let (id, _) = parts(cx, v)?;
    new_id(cx, id, End::Recv)
}

/// The number of a channel that an argument means.
fn id_of(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    if let Some(c) = v.native::<ChannelId>() {
        return Ok(c.id);
    }
    if cx.type_of(v).slots.index.get().is_none() {
        let msg = format!("channel ID must be an int, got {}", vm::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    }
    let n = vm::index(cx, v)?;
    match IntRef::of(n).and_then(|n| n.to_i64()) {
        Some(n) if n >= 0 => Ok(n),
        Some(n) => {
            let msg = format!("channel ID must be a non-negative int, got {n}");
            Err(cx.value_error(&msg))
        }
        None => Err(cx.raise_str(Ty::OverflowError, "int too big to convert")),
    }
}

/// Data of a channel's number, or of an end that Python code has wrapped; `None` for anything else.
pub(crate) fn take(cx: &mut Ctx, v: Value) -> PyResult<Option<Shared>> {
    if let Some(c) = v.native::<ChannelId>() {
        return Ok(Some(Shared::Channel { id: c.id, end: c.end, wrapped: false }));
    }
    if !is_wrapped(cx, v) {
        return Ok(None);
    }
    let id = vm::get_attr_str(cx, v, "_id")?;
    let (id, end) = parts(cx, id)?;
    Ok(Some(Shared::Channel { id, end, wrapped: true }))
}

fn is_wrapped(cx: &Ctx, v: Value) -> bool {
    let s = state::of(cx);
    let class = cx.type_of(v).value();
    [&s.send_channel, &s.recv_channel].into_iter().any(|t| t.get().is_some_and(|t| t.is(class)))
}

/// Whether a value is the number of a channel or a wrapped end.
pub(crate) fn is_channel(cx: &Ctx, v: Value) -> bool {
    v.native::<ChannelId>().is_some() || is_wrapped(cx, v)
}

/// Makes what [`take`] took.
pub(crate) fn give(cx: &mut Ctx, id: i64, end: End, wrapped: bool) -> PyResult {
    let plain = new_id(cx, id, end)?;
    let s = state::of(cx);
    let class = if end == End::Send { &s.send_channel } else { &s.recv_channel };
    match class.get().filter(|_| wrapped) {
        Some(class) => vm::call(cx, class, &[plain]),
        None => Ok(plain),
    }
}

// ---------------------------------------------------------------------------------------------------- functions

fn find(cx: &mut Ctx, v: Value) -> PyResult<(i64, i64, Arc<Channel>)> {
    let id = id_of(cx, v)?;
    let (registry, me) = state::here(cx)?;
    let c = registry.channels.find(id);
    Ok((id, me.id, check(cx, id, c)?))
}

fn create(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let unbound = unbound_op(cx, a[0], crate::queues::REPLACE)?;
    let fallback = fallback_op(cx, a[1], 1)?;
    let (registry, _) = state::here(cx)?;
    let id = registry.channels.add(unbound, fallback);
    new_id(cx, id, End::Both)
}

fn destroy(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let id = id_of(cx, a[0])?;
    let (registry, _) = state::here(cx)?;
    let r = registry.channels.destroy(id);
    check(cx, id, r)?;
    lease::reap(cx);
    Ok(Value::NONE)
}

fn list_all(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let (registry, _) = state::here(cx)?;
    let mut all: Held<Value> = Held::new();
    for (id, c) in registry.channels.list() {
        let id = new_id(cx, id, End::Both)?;
        let t = cx.tuple_of(None, &[id, Value::small(c.unbound), Value::small(c.fallback)])?;
        all.push(t);
    }
    cx.list(&all)
}

fn list_interpreters(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let send = vm::is_true(cx, a[1])?;
    let (id, _, c) = find(cx, a[0])?;
    let users = check(cx, id, c.users(send))?;
    let users: Held<Value> = users.into_iter().map(|i| cx.int(i)).collect();
    cx.list(&users)
}

fn send(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (_, _, c) = find(cx, a[0])?;
    let fallback = if fallback_op(cx, a[3], c.fallback)? == 1 { Fallback::Full } else { Fallback::No };
    send_with(cx, a, |cx| shared::take(cx, a[1], fallback))
}

fn send_buffer(cx: &mut Ctx, a: &[Value]) -> PyResult {
    fallback_op(cx, a[3], 1)?;
    send_with(cx, a, |cx| {
        let class = cx.ty(Ty::MemoryView).value();
        let view = vm::call(cx, class, &[a[1]])?;
        shared::take(cx, view, Fallback::No)
    })
}

fn send_with(cx: &mut Ctx, a: &[Value], data: impl FnOnce(&mut Ctx) -> PyResult<Shared>) -> PyResult {
    let (id, me, c) = find(cx, a[0])?;
    let unbound = unbound_op(cx, a[2], c.unbound)?;
    let blocking = vm::is_true(cx, a[4])?;
    let deadline = match a[5].not_none() {
        None => None,
        Some(_) if !blocking => {
            return Err(cx.value_error("can't specify a timeout for a non-blocking call"));
        }
        Some(t) => {
            let Ok(n) = u64::try_from(vm::sync::timeout_nanos(cx, t)?) else {
                return Err(cx.value_error("timeout value must be a non-negative number"));
            };
            Instant::now().checked_add(Duration::from_nanos(n))
        }
    };
    let data = data(cx)?;
    let sender = blocking.then(|| Arc::new(Sender::default()));
    let sent = c.send(me, Item::new(data, me, unbound, sender.clone()));
    check(cx, id, sent)?;
    match sender {
        Some(s) => wait(cx, id, &c, &s, deadline),
        None => Ok(Value::NONE),
    }
}

/// Waits until an item was received.
fn wait(cx: &mut Ctx, id: i64, c: &Channel, s: &Arc<Sender>, deadline: Option<Instant>) -> PyResult {
    loop {
        let left = deadline.map(|d| d.saturating_duration_since(Instant::now()));
        let slice = left.map_or(SLICE, |l| l.min(SLICE));
        match cx.blocking(|| s.wait(slice)) {
            Fate::Received => return Ok(Value::NONE),
            Fate::Dropped => return raise(cx, id, Trouble::Closed),
            Fate::Waiting => {}
        }
        if let Err(r) = cx.safepoint() {
            c.take_back(s);
            return Err(r);
        }
        if left.is_some_and(|l| l.is_zero()) && c.take_back(s) {
            return Err(cx.raise_str(Ty::TimeoutError, "timed out"));
        }
    }
}

fn recv(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (id, me, c) = find(cx, a[0])?;
    match c.recv(me) {
        Ok(item) => match &item.data {
            None => Ok(cx.pair(Value::NONE, Value::small(item.unbound))),
            Some(s) => {
                let v = shared::give(cx, s)?;
                drop(item);
                lease::reap(cx);
                Ok(cx.pair(v, Value::NONE))
            }
        },
        Err(Trouble::Empty) if a[1].bound().is_some() => Ok(cx.pair(a[1], Value::NONE)),
        Err(t) => raise(cx, id, t),
    }
}

/// The ends that two flags mean.
fn ends(cx: &mut Ctx, send: Value, recv: Value) -> PyResult<End> {
    let (send, recv) = (vm::is_true(cx, send)?, vm::is_true(cx, recv)?);
    Ok(match (send, recv) {
        (true, false) => End::Send,
        (false, true) => End::Recv,
        _ => End::Both,
    })
}

fn close(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let id = id_of(cx, a[0])?;
    let end = ends(cx, a[1], a[2])?;
    let force = vm::is_true(cx, a[3])?;
    let (registry, _) = state::here(cx)?;
    let r = registry.channels.close(id, end, force);
    check(cx, id, r)?;
    lease::reap(cx);
    Ok(Value::NONE)
}

fn release(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let id = id_of(cx, a[0])?;
    let end = ends(cx, a[1], a[2])?;
    let (registry, me) = state::here(cx)?;
    let r = registry.channels.release(id, me.id, end);
    check(cx, id, r)?;
    Ok(Value::NONE)
}

fn get_count(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let id = id_of(cx, a[0])?;
    let (registry, _) = state::here(cx)?;
    let n = registry.channels.count(id);
    let n = check(cx, id, n)?;
    Ok(cx.int_usize(n))
}

fn get_info(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let id = id_of(cx, a[0])?;
    let (registry, me) = state::here(cx)?;
    let c = registry.channels.any(id);
    let info = check(cx, id, c)?.info(me.id);
    let ty = info_type(cx)?;
    let flags = info.flags.into_iter().map(Value::bool);
    let counts = info.counts.into_iter().map(|n| Value::small(i64::try_from(n).unwrap_or(i64::MAX >> 2)));
    let all: Held<Value> = flags.chain(counts).chain(info.mine.into_iter().map(Value::bool)).collect();
    new_structseq(cx, ty, &all)
}

fn get_channel_defaults(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (_, _, c) = find(cx, a[0])?;
    Ok(cx.pair(Value::small(c.unbound), Value::small(c.fallback)))
}

fn channel_id(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let given = |v: Value| v.not_none();
    let flag = |cx: &mut Ctx, v: Value| given(v).map(|v| vm::is_true(cx, v)).transpose();
    let (send, recv) = (flag(cx, a[1])?, flag(cx, a[2])?);
    let end = match (send, recv) {
        (Some(false), Some(false)) => {
            return Err(cx.value_error("'send' and 'recv' cannot both be False"));
        }
        (Some(true), Some(false) | None) => End::Send,
        (Some(false) | None, Some(true)) => End::Recv,
        _ => match a[0].native::<ChannelId>() {
            Some(c) if send.is_none() && recv.is_none() => c.end,
            _ => End::Both,
        },
    };
    let id = id_of(cx, a[0])?;
    let (registry, _) = state::here(cx)?;
    if !vm::is_true(cx, a[3])? && !registry.channels.exists(id) {
        return raise(cx, id, Trouble::NotFound);
    }
    new_id(cx, id, end)
}

fn register_end_types(cx: &mut Ctx, a: &[Value]) -> PyResult {
    for (v, n) in [(a[0], "send"), (a[1], "recv")] {
        if TypeObj::of(v).is_none() {
            return Err(cx.type_error(&format!("expected a type for '{n}'")));
        }
    }
    let s = state::of(cx);
    s.send_channel.init(Some(a[0]));
    s.recv_channel.init(Some(a[1]));
    Ok(Value::NONE)
}

// ---------------------------------------------------------------------------------------------------- the module

static INFO: TypeSpec = TypeSpec {
    name: "ChannelInfo",
    module: "_interpchannels",
    layout: Layout::Tuple,
    flags: type_flags::DICT,
    slots: SEQ_SLOTS,
    methods: SEQ_METHODS,
    doc: "A named tuple of a channel's state.",
    ..TypeSpec::BASE
};

fn info_type(cx: &mut Ctx) -> PyResult {
    const FIELDS: [&str; 16] = [
        "open",
        "closing",
        "closed",
        "count",
        "num_interp_send",
        "num_interp_send_released",
        "num_interp_recv",
        "num_interp_recv_released",
        "num_interp_both",
        "num_interp_both_released",
        "num_interp_both_send_released",
        "num_interp_both_recv_released",
        "send_associated",
        "send_released",
        "recv_associated",
        "recv_released",
    ];
    let s = state::of(cx);
    let slot: &Slot = &s.channel_info;
    if let Some(t) = slot.get() {
        return Ok(t);
    }
    let t = new_structseq_type(cx, &INFO, &FIELDS, 8)?;
    if slot.cas_raw(None, Some(t)) { Ok(t) } else { Ok(slot.get_or_none()) }
}

fn init(cx: &mut Ctx, m: Value) -> PyResult<()> {
    let t = error_type(cx)?;
    module_set(cx, m, "ChannelError", t)?;
    for (n, trouble) in [
        ("ChannelNotFoundError", Trouble::NotFound),
        ("ChannelClosedError", Trouble::Closed),
        ("ChannelEmptyError", Trouble::Empty),
        ("ChannelNotEmptyError", Trouble::NotEmpty),
    ] {
        let t = trouble_type(cx, trouble)?;
        module_set(cx, m, n, t)?;
    }
    let t = id_type(cx)?;
    module_set(cx, m, "ChannelID", t)?;
    let t = info_type(cx)?;
    module_set(cx, m, "ChannelInfo", t)
}

/// `_interpchannels`
pub(crate) static MODULE: ModuleSpec = ModuleSpec {
    name: "_interpchannels",
    doc: "Channels between isolated interpreters, on which their data travels.",
    functions: methods![functions:
        /// Makes a channel; its ID.
        "create(unboundop=-1, fallback=-1)" => create;
        /// Closes and removes a channel.
        "destroy(cid)" => destroy;
        /// The (ID, unboundop, fallback) of all channels that are not closed.
        "list_all()" => list_all;
        /// The IDs of the interpreters that have an end of a channel.
        "list_interpreters(cid, *, send)" => list_interpreters;
        /// Sends the data of an object; waits until it is received, unless blocking is false.
        "send(cid, obj, unboundop=-1, fallback=-1, *, blocking=True, timeout=None)" => send;
        /// Sends the memory of an object, which it is received as a memoryview of.
        "send_buffer(cid, obj, unboundop=-1, fallback=-1, *, blocking=True, timeout=None)" => send_buffer;
        /// The first object of a channel and None, or None and its unboundop if its interpreter has ended; ChannelEmptyError, unless there is a default.
        "recv(cid, default=<unrepresentable>)" => recv;
        /// Closes a channel, or an end of it, for all interpreters.
        "close(cid, *, send=False, recv=False, force=False)" => close;
        /// Takes a channel, or an end of it, away from the current interpreter.
        "release(cid, *, send=False, recv=False, force=True)" => release;
        /// Number of items of a channel.
        "get_count(cid)" => get_count;
        /// What is known of a channel.
        "get_info(cid)" => get_info;
        /// The (unboundop, fallback) that a channel was made with.
        "get_channel_defaults(cid)" => get_channel_defaults;
        /// The ID of a channel, or of an end of it.
        "_channel_id(id, *, send=None, recv=None, force=False)" => channel_id;
        /// Tells the classes of ends that Python code defines.
        "_register_end_types(send, recv)" => register_end_types;
    ],
    init: Some(init),
};
