//! `_lsprof`: the profiler below `cProfile`.
//!
//! A profiler is a tool of `sys.monitoring`: it registers methods of its own as callbacks for the beginnings and ends of calls, of functions
//! written in Python and, if asked to, of native ones. Each thread has a stack of the calls that it is in. The time of a call
//! counts for its function in full when the outermost call of that function ends, and less what it called as its own.
//!
//! Times are integers: nanoseconds, or units of the external timer if it has a unit; [`Profiler::unit`] makes seconds of them.

use protopy_vm::attr::type_lookup;
use protopy_vm::interp::watch::native_callee;
use protopy_vm::modules::module_set;
use protopy_vm::protocore::layouts::{CodeObj, NativeFnObj, StrObj};
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Guarded, Held, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::structseq::{METHODS as SEQ_METHODS, SLOTS as SEQ_SLOTS, new_structseq, new_structseq_type};
use protopy_vm::types::create_type;
use protopy_vm::{self as vm, ModuleSpec, TypeSpec, errors, methods};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

/// The tool's number (`sys.monitoring.PROFILER_ID`).
const TOOL: Value = Value::small(2);

/// The events that a profiler listens to: its method for each, and whether native calls are needed for it.
const EVENTS: [(&str, &str, bool); 9] = [
    ("PY_START", "_pystart_callback", false),
    ("PY_RESUME", "_pystart_callback", false),
    ("PY_THROW", "_pythrow_callback", false),
    ("PY_RETURN", "_pyreturn_callback", false),
    ("PY_YIELD", "_pyreturn_callback", false),
    ("PY_UNWIND", "_pyreturn_callback", false),
    ("CALL", "_ccall_callback", true),
    ("C_RETURN", "_creturn_callback", true),
    ("C_RAISE", "_creturn_callback", true),
];

const ENABLED: u32 = 1;
const SUBCALLS: u32 = 2;
const BUILTINS: u32 = 4;
/// The external timer runs.
const TIMING: u32 = 8;

/// Times and counts of a function, or of its calls by one other function.
#[derive(Clone, Copy, Default)]
struct Counts {
    total: i64,
    inline: i64,
    calls: u64,
    /// Calls that another call of the same contained.
    recursive: u64,
}

impl Counts {
    fn end(&mut self, outermost: bool, total: i64, inline: i64) {
        if outermost {
            self.total = self.total.saturating_add(total);
        } else {
            self.recursive += 1;
        }
        self.inline = self.inline.saturating_add(inline);
        self.calls += 1;
    }
}

/// What is known of a function.
struct Entry {
    /// The code object, or the text that stands for a native function.
    function: Value,
    counts: Counts,
    /// By the number of the entry of the function that was called, in the order of the first calls.
    callees: Vec<(usize, Counts)>,
}

impl Entry {
    fn callee(&mut self, of: usize) -> &mut Counts {
        let i = self.callees.iter().position(|(n, _)| *n == of).unwrap_or_else(|| {
            self.callees.push((of, Counts::default()));
            self.callees.len() - 1
        });
        &mut self.callees[i].1
    }
}

/// A call that has not ended.
struct Call {
    entry: usize,
    begun: i64,
    /// Time of the calls within it.
    within: i64,
    /// Whether the calling function counts it.
    counted: bool,
}

/// The calls that a thread is in.
#[derive(Default)]
struct Stack {
    calls: Vec<Call>,
    /// How many calls of an entry these are, and how many by one caller.
    depths: HashMap<(Option<usize>, usize), u64>,
}

impl Stack {
    fn deeper(&mut self, caller: Option<usize>, entry: usize) {
        *self.depths.entry((caller, entry)).or_default() += 1;
    }

    /// Whether no such call is left.
    fn shallower(&mut self, caller: Option<usize>, entry: usize) -> bool {
        let depth = self.depths.entry((caller, entry)).or_default();
        *depth = depth.saturating_sub(1);
        *depth == 0
    }
}

#[derive(Default)]
struct Table {
    entries: Vec<Entry>,
    /// Numbers of entries by code object, or by the description of the native function.
    numbers: HashMap<usize, usize>,
    /// By the identifier of the thread.
    stacks: HashMap<u64, Stack>,
}

impl Table {
    fn begin(&mut self, thread: u64, entry: usize, subcalls: bool, now: i64) {
        let stack = self.stacks.entry(thread).or_default();
        let caller = stack.calls.last().map(|c| c.entry).filter(|_| subcalls);
        stack.calls.push(Call { entry, begun: now, within: 0, counted: caller.is_some() });
        stack.deeper(None, entry);
        if caller.is_some() {
            stack.deeper(caller, entry);
        }
    }

    /// Ends the innermost call of a thread.
    fn end(&mut self, thread: u64, now: i64) {
        let Some(stack) = self.stacks.get_mut(&thread) else { return };
        let Some(call) = stack.calls.pop() else { return };
        let total = now.saturating_sub(call.begun);
        let inline = total.saturating_sub(call.within);
        let caller = stack.calls.last_mut().map(|c| {
            c.within = c.within.saturating_add(total);
            c.entry
        });
        let outermost = stack.shallower(None, call.entry);
        if let Some(e) = self.entries.get_mut(call.entry) {
            e.counts.end(outermost, total, inline);
        }
        if call.counted
            && let Some(caller) = caller
        {
            let outermost = stack.shallower(Some(caller), call.entry);
            if let Some(c) = self.entries.get_mut(caller) {
                c.callee(call.entry).end(outermost, total, inline);
            }
        }
    }
}

/// `_lsprof.Profiler`
struct Profiler {
    flags: AtomicU32,
    /// The external timer; empty for the clock.
    timer: Slot,
    /// Seconds of a unit of the external timer as the bits of a float; 0: it counts in seconds.
    unit: AtomicU64,
    /// Where the clock begins.
    origin: Instant,
    table: Guarded<Table>,
}

impl Payload for Profiler {
    const NAME: &'static str = "Profiler";

    #[allow(unsafe_code)]
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.timer);
        // SAFETY: the collector runs in a stopped world, and no guard is held across a safepoint.
        let functions = unsafe { self.table.peek() }.entries.iter().map(|e| &e.function);
        t.values(functions);
    }
}

impl Profiler {
    fn has(&self, flag: u32) -> bool {
        self.flags.load(Ordering::Acquire) & flag != 0
    }

    fn set(&self, flag: u32, on: bool) {
        if on {
            self.flags.fetch_or(flag, Ordering::AcqRel);
        } else {
            self.flags.fetch_and(!flag, Ordering::AcqRel);
        }
    }

    /// Seconds of a unit of what is counted.
    fn unit(&self) -> f64 {
        match f64::from_bits(self.unit.load(Ordering::Relaxed)) {
            unit if unit > 0.0 && self.timer.get().is_some() => unit,
            _ => 1e-9,
        }
    }

    /// The time. What the external timer raises is reported, and counts as 0.
    fn now(&self, cx: &mut Ctx) -> i64 {
        let Some(timer) = self.timer.get() else {
            return i64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(i64::MAX);
        };
        self.set(TIMING, true);
        let told = vm::call::call(cx, timer, &[]);
        self.set(TIMING, false);
        let unit = f64::from_bits(self.unit.load(Ordering::Relaxed));
        let time = told.and_then(|t| {
            if unit > 0.0 {
                vm::index_i64(cx, t, Ty::OverflowError)
            } else {
                // Seconds: the cast brings what is out of range to the limits.
                vm::ops::float_of(cx, t).map(|s| (s * 1e9).floor() as i64)
            }
        });
        time.unwrap_or_else(|r| {
            let exc = cx.take_raised(r);
            let shown = vm::repr_text(cx, timer).unwrap_or_else(|r| {
                cx.take_raised(r);
                "?".into()
            });
            let msg = format!("Exception ignored while calling _lsprof timer {shown}");
            errors::unraisable(cx, exc, Some(&msg), Value::NONE);
            0
        })
    }

    /// A function begins; `describe` makes what stands for it.
    fn enter(
        &self,
        cx: &mut Ctx,
        this: Value,
        key: usize,
        describe: impl FnOnce(&mut Ctx) -> PyResult,
    ) -> PyResult<()> {
        let known = self.table.with(|t| t.numbers.get(&key).copied());
        let entry = match known {
            Some(n) => n,
            None => {
                let function = describe(cx)?;
                cx.barrier(this);
                self.table.with(|t| {
                    *t.numbers.entry(key).or_insert_with(|| {
                        t.entries.push(Entry { function, counts: Counts::default(), callees: Vec::new() });
                        t.entries.len() - 1
                    })
                })
            }
        };
        let now = self.now(cx);
        let (thread, subcalls) = (cx.ident, self.has(SUBCALLS));
        self.table.with(|t| t.begin(thread, entry, subcalls, now));
        Ok(())
    }

    fn leave(&self, cx: &mut Ctx) {
        let thread = cx.ident;
        if self.table.with(|t| t.stacks.get(&thread).is_some_and(|s| !s.calls.is_empty())) {
            let now = self.now(cx);
            self.table.with(|t| t.end(thread, now));
        }
    }

    /// Ends all calls.
    fn flush(&self, cx: &mut Ctx) {
        let now = self.now(cx);
        self.table.with(|t| {
            for thread in t.stacks.keys().copied().collect::<Vec<_>>() {
                while t.stacks.get(&thread).is_some_and(|s| !s.calls.is_empty()) {
                    t.end(thread, now);
                }
            }
            t.stacks.clear();
        });
    }
}

/// The types of the entries.
#[derive(Default)]
struct State {
    entry: Slot,
    subentry: Slot,
}

impl SpaceState for State {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.entry);
        t.slot(&self.subentry);
    }
}

fn of(cx: &mut Ctx, v: Value) -> PyResult<&'static Profiler> {
    match v.native::<Profiler>() {
        Some(p) => Ok(p),
        None => Err(cx.type_error("a Profiler is required")),
    }
}

fn new(cx: &mut Ctx, class: Value, _: Args<'_>) -> PyResult {
    let Some(t) = TypeObj::of(class) else { return Err(cx.type_error("not a type")) };
    let p = Profiler {
        flags: AtomicU32::new(SUBCALLS | BUILTINS),
        timer: Slot::empty(),
        unit: AtomicU64::new(0),
        origin: Instant::now(),
        table: Guarded::new(Table::default()),
    };
    Ok(cx.new_native(t, p))
}

fn init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    const NAMES: [&str; 4] = ["timer", "timeunit", "subcalls", "builtins"];
    let p = of(cx, this)?;
    let n = args.pos().len() + args.kw().count();
    if n > NAMES.len() {
        return Err(cx.type_error(&format!("Profiler() takes at most 4 arguments ({n} given)")));
    }
    let mut given = [None; 4];
    for (slot, v) in given.iter_mut().zip(args.pos()) {
        *slot = Some(*v);
    }
    for (name, v) in args.kw() {
        let name = vm::str_text(cx, name)?;
        match NAMES.iter().position(|n| *n == name) {
            None => {
                let msg = format!("Profiler() got an unexpected keyword argument '{name}'");
                return Err(cx.type_error(&msg));
            }
            Some(i) if given[i].is_some() => {
                let msg =
                    format!("argument for Profiler() given by name ('{name}') and position ({})", i + 1);
                return Err(cx.type_error(&msg));
            }
            Some(i) => given[i] = Some(v),
        }
    }
    let [timer, unit, subcalls, builtins] = given;
    let unit = unit.map_or(Ok(0.0), |v| vm::ops::float_of(cx, v))?;
    let subcalls = subcalls.map_or(Ok(true), |v| vm::is_true(cx, v))?;
    let builtins = builtins.map_or(Ok(true), |v| vm::is_true(cx, v))?;
    match timer.filter(|t| !t.is_none()) {
        Some(t) => cx.store(this, &p.timer, t),
        None => cx.store_empty(this, &p.timer),
    }
    p.unit.store(unit.to_bits(), Ordering::Relaxed);
    p.set(SUBCALLS, subcalls);
    p.set(BUILTINS, builtins);
    Ok(())
}

/// The module `sys.monitoring`.
fn monitoring(cx: &mut Ctx) -> PyResult {
    vm::call::import_attr(cx, "sys", "monitoring")
}

fn event(cx: &mut Ctx, monitoring: Value, name: &str) -> PyResult<i64> {
    let events = vm::get_attr_str(cx, monitoring, "events")?;
    let v = vm::get_attr_str(cx, events, name)?;
    vm::index_i64(cx, v, Ty::OverflowError)
}

fn enable(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = of(cx, a[0])?;
    let (subcalls, builtins) = (vm::is_true(cx, a[1])?, vm::is_true(cx, a[2])?);
    let m = monitoring(cx)?;
    let name = cx.str("cProfile");
    vm::call::call_method(cx, m, "use_tool_id", &[TOOL, name])?;
    p.set(SUBCALLS, subcalls);
    p.set(BUILTINS, builtins);
    let mut wanted = 0;
    for (name, method, native) in EVENTS {
        let e = event(cx, m, name)?;
        let callback = vm::get_attr_str(cx, a[0], method)?;
        vm::call::call_method(cx, m, "register_callback", &[TOOL, Value::small(e), callback])?;
        if builtins || !native {
            wanted |= e;
        }
    }
    p.set(ENABLED, true);
    vm::call::call_method(cx, m, "set_events", &[TOOL, Value::small(wanted)])?;
    Ok(Value::NONE)
}

fn not_while_timing(cx: &mut Ctx, p: &Profiler, what: &str) -> PyResult<()> {
    if p.has(TIMING) {
        let msg = format!("cannot {what} profiler in external timer");
        return Err(cx.raise_str(Ty::RuntimeError, &msg));
    }
    Ok(())
}

fn disable(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = of(cx, a[0])?;
    not_while_timing(cx, p, "disable")?;
    if !p.has(ENABLED) {
        return Ok(Value::NONE);
    }
    let m = monitoring(cx)?;
    for (name, ..) in EVENTS {
        let e = event(cx, m, name)?;
        vm::call::call_method(cx, m, "register_callback", &[TOOL, Value::small(e), Value::NONE])?;
    }
    vm::call::call_method(cx, m, "set_events", &[TOOL, Value::small(0)])?;
    vm::call::call_method(cx, m, "free_tool_id", &[TOOL])?;
    p.set(ENABLED, false);
    p.flush(cx);
    Ok(Value::NONE)
}

fn clear(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = of(cx, a[0])?;
    not_while_timing(cx, p, "clear")?;
    drop(p.table.with(std::mem::take));
    Ok(Value::NONE)
}

/// The fields of an entry: function, calls, recursive calls, total time, own time.
fn fields(cx: &mut Ctx, function: Value, c: &Counts, unit: f64) -> [Value; 5] {
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let (calls, recursive) = (cx.int(count(c.calls)), cx.int(count(c.recursive)));
    let (total, inline) = (cx.float(c.total as f64 * unit), cx.float(c.inline as f64 * unit));
    [function, calls, recursive, total, inline]
}

fn getstats(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = of(cx, a[0])?;
    let state = cx.space().state::<State>();
    let (Some(entry), Some(subentry)) = (state.entry.get(), state.subentry.get()) else {
        return Err(cx.raise_str(Ty::SystemError, "_lsprof is not initialized"));
    };
    let unit = p.unit();
    let mut all = Held::new();
    let mut at = 0;
    loop {
        // One at a time: nothing is made under the lock.
        let mut callees = Held::new();
        let found = p.table.with(|t| {
            let e = t.entries.get(at)?;
            let mut counts = Vec::new();
            for (n, c) in &e.callees {
                if let Some(of) = t.entries.get(*n).filter(|_| c.calls > 0) {
                    callees.push(of.function);
                    counts.push(*c);
                }
            }
            Some((e.function, e.counts, counts, !e.callees.is_empty()))
        });
        let Some((function, counts, of_callees, any)) = found else { return cx.list(&all) };
        at += 1;
        if counts.calls == 0 {
            continue;
        }
        let mut calls = Held::new();
        for (callee, c) in callees.iter().zip(&of_callees) {
            let fields = fields(cx, *callee, c, unit);
            calls.push(new_structseq(cx, subentry, &fields)?);
        }
        let calls = if any { cx.list(&calls)? } else { Value::NONE };
        let [function, n, recursive, total, inline] = fields(cx, function, &counts, unit);
        all.push(new_structseq(cx, entry, &[function, n, recursive, total, inline, calls])?);
    }
}

fn py_start(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (p, code) = (of(cx, a[0])?, a[1]);
    if CodeObj::of(code).is_some() {
        p.enter(cx, a[0], code.bits() as usize, |_| Ok(code))?;
    }
    Ok(Value::NONE)
}

fn py_return(cx: &mut Ctx, a: &[Value]) -> PyResult {
    of(cx, a[0])?.leave(cx);
    Ok(Value::NONE)
}

/// The native function that a callback is told of: `(self, code, offset, callable, first argument)`. Who cannot be bound has no function.
fn callee(cx: &mut Ctx, a: &[Value]) -> Option<&'static NativeFnObj> {
    match native_callee(cx, &[a[3], a[4]]) {
        Ok(f) => f.and_then(NativeFnObj::of),
        Err(r) => {
            cx.take_raised(r);
            None
        }
    }
}

fn c_call(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = of(cx, a[0])?;
    if p.has(BUILTINS)
        && let Some(f) = callee(cx, a)
    {
        p.enter(cx, a[0], &raw const *f.def as usize, |cx| describe(cx, f))?;
    }
    Ok(Value::NONE)
}

fn c_return(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = of(cx, a[0])?;
    if p.has(BUILTINS) && callee(cx, a).is_some() {
        p.leave(cx);
    }
    Ok(Value::NONE)
}

/// The text that stands for a native function: a method is shown as its descriptor, so that the text does not tell of an object.
fn describe(cx: &mut Ctx, f: &NativeFnObj) -> PyResult {
    let name = f.def.name;
    let text = match (f.module.get().and_then(StrObj::of), f.this.get()) {
        (Some(m), _) => format!("<built-in method {}.{name}>", m.to_string_lossy()),
        (None, Some(this)) => {
            let n = cx.intern_str(name);
            let ty = cx.type_of(this);
            match type_lookup(cx, ty, n) {
                Some(d) => vm::repr_text(cx, d)?,
                None => format!("<built-in method {name}>"),
            }
        }
        (None, None) => format!("<built-in method {name}>"),
    };
    Ok(cx.str(&text))
}

static PROFILER: TypeSpec = TypeSpec {
    name: "Profiler",
    module: "_lsprof",
    layout: Layout::Native,
    vt: Some(<Profiler as NativeLayout>::VT),
    flags: type_flags::BASETYPE,
    slots: SlotSpec { new: Some(new), init: Some(init), ..SlotSpec::NONE },
    methods: methods![
        /// Begins to count. subcalls: which function calls which one how often, too. builtins: native functions, too.
        "enable(self, /, subcalls=True, builtins=True)" => enable;
        /// Ends counting.
        "disable(self, /)" => disable;
        /// Forgets what was counted.
        "clear(self, /)" => clear;
        /// A list of profiler_entry objects, one for each function that was called.
        "getstats(self, /)" => getstats;
        "_pystart_callback(self, code, instruction_offset, /)" => py_start;
        "_pythrow_callback(self, code, instruction_offset, exception, /)" => py_start;
        "_pyreturn_callback(self, code, instruction_offset, retval, /)" => py_return;
        "_ccall_callback(self, code, instruction_offset, callable, self_arg, /)" => c_call;
        "_creturn_callback(self, code, instruction_offset, callable, self_arg, /)" => c_return;
    ],
    doc: "Counts the calls of functions and the time that they take.\n\n\
          timer: what tells the time, instead of the clock; timeunit: the seconds of a unit, if it tells integers; subcalls and builtins as for enable().",
    ..TypeSpec::BASE
};

static ENTRY: TypeSpec = TypeSpec {
    name: "profiler_entry",
    module: "_lsprof",
    base: Some(Ty::Tuple),
    layout: Layout::Tuple,
    slots: SEQ_SLOTS,
    methods: SEQ_METHODS,
    doc: "What was counted of a function.",
    ..TypeSpec::BASE
};

static SUBENTRY: TypeSpec = TypeSpec {
    name: "profiler_subentry",
    doc: "What was counted of a function's calls by another one.",
    ..ENTRY
};

fn init_module(cx: &mut Ctx, m: Value) -> PyResult<()> {
    const FIELDS: [&str; 6] = ["code", "callcount", "reccallcount", "totaltime", "inlinetime", "calls"];
    let t = create_type(cx, &PROFILER)?;
    module_set(cx, m, "Profiler", t)?;
    let state = cx.space().state::<State>();
    let t = new_structseq_type(cx, &ENTRY, &FIELDS, FIELDS.len())?;
    state.entry.init(Some(t));
    module_set(cx, m, "profiler_entry", t)?;
    let t = new_structseq_type(cx, &SUBENTRY, &FIELDS[..5], 5)?;
    state.subentry.init(Some(t));
    module_set(cx, m, "profiler_subentry", t)
}

/// `_lsprof`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_lsprof",
    doc: "The profiler below cProfile.",
    functions: &[],
    init: Some(init_module),
};
