//! The functions of `sys` that read and set the interpreter's settings.

use protopy_vm::methods;
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::{Ctx, PyResult, Tracer, Ty, Value};
use protopy_vm::{self as vm};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Settings that are kept for those who ask.
struct Settings {
    /// Microseconds.
    switch_interval: AtomicU64,
    dlopen_flags: AtomicI64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { switch_interval: AtomicU64::new(5000), dlopen_flags: AtomicI64::new(2) }
    }
}

impl SpaceState for Settings {
    fn trace(&self, _: &mut Tracer) {}
}

/// The functions.
pub static STATE_FUNCTIONS: &[MethodDef] = methods![functions:
    /// The limit of digits in conversions between int and str.
    "get_int_max_str_digits()" => |cx, _| {
        let n = cx.space().int_max_str_digits.load(Ordering::Relaxed);
        Ok(cx.int(n))
    };
    /// Sets the limit of digits in conversions between int and str.
    "set_int_max_str_digits(maxdigits)" => set_int_max_str_digits;
    /// Seconds between switches of threads, as set. Threads run in parallel here, so it means nothing.
    "getswitchinterval()" => |cx, _| {
        let us = cx.space().state::<Settings>().switch_interval.load(Ordering::Relaxed);
        Ok(cx.float(us as f64 / 1e6))
    };
    /// Sets what `getswitchinterval` answers.
    "setswitchinterval(interval, /)" => setswitchinterval;
    /// Frames that a new coroutine remembers of where it was made.
    "get_coroutine_origin_tracking_depth()" => |cx, _| Ok(Value::small(cx.coroutine_origin_depth as i64));
    /// Sets how many frames a new coroutine remembers.
    "set_coroutine_origin_tracking_depth(depth)" => set_origin_depth;
    /// The hooks of asynchronous generators.
    "get_asyncgen_hooks()" => get_asyncgen_hooks;
    /// Sets the hooks of asynchronous generators.
    "set_asyncgen_hooks(firstiter=<unrepresentable>, finalizer=<unrepresentable>)" => set_asyncgen_hooks;
    /// The number of processors that `-X cpu_count` asks for, or -1.
    "_get_cpu_count_config()" => |cx, _| {
        let n = vm::settings::of(cx).cpu_count.load(Ordering::Relaxed);
        Ok(cx.int(n))
    };
    /// Removes the descriptors `__dict__` and `__weakref__` of a class that a decorator is about to replace.
    "_clear_type_descriptors(type, /)" => clear_type_descriptors;
    /// Empties internal caches.
    "_clear_internal_caches()" => |_, _| Ok(Value::NONE);
    /// Empties the cache of method look-ups.
    "_clear_type_cache()" => |_, _| Ok(Value::NONE);
    /// Whether profiling trampolines are active: there are none.
    "is_stack_trampoline_active()" => |_, _| Ok(Value::FALSE);
    /// Deactivates profiling trampolines.
    "deactivate_stack_trampoline()" => |_, _| Ok(Value::NONE);
    /// Activates profiling trampolines, which this implementation has not.
    "activate_stack_trampoline(backend, /)" => |cx, _| Err(cx.value_error("perf trampoline not available"));
    /// Number of memory blocks in use.
    "getallocatedblocks()" => |cx, _| {
        let n = cx.space().heap.stats().live_bytes / 64;
        Ok(cx.int(n as i64))
    };
    /// Number of interned strings.
    "getunicodeinternedsize(*, _only_immortal=False)" => |_, _| Ok(Value::small(0));
    /// Prints statistics of the allocator.
    "_debugmallocstats()" => |_, _| Ok(Value::NONE);
    /// Flags of the dynamic loader.
    "getdlopenflags()" => |cx, _| {
        let n = cx.space().state::<Settings>().dlopen_flags.load(Ordering::Relaxed);
        Ok(cx.int(n))
    };
    /// Sets flags of the dynamic loader. Nothing is loaded with them here.
    "setdlopenflags(flags, /)" => |cx, a| {
        let n = vm::index_i64(cx, a[0], Ty::OverflowError)?;
        cx.space().state::<Settings>().dlopen_flags.store(n, Ordering::Relaxed);
        Ok(Value::NONE)
    };
];

fn clear_type_descriptors(cx: &mut Ctx, a: &[Value]) -> PyResult {
    use protopy_vm::protocore::{TypeObj, types::type_flags};
    let Some(t) = TypeObj::of(a[0]) else {
        let msg = format!("argument must be a type, not {}", protopy_vm::ops::tp_name(cx, a[0]));
        return Err(cx.type_error(&msg));
    };
    if !t.has(type_flags::HEAP) || t.has(type_flags::IMMUTABLE) {
        return Err(cx.type_error("argument is immutable"));
    }
    for n in ["__dict__", "__weakref__"] {
        let n = cx.intern_str(n);
        vm::types::set_type_attr(cx, t, n, None)?;
    }
    Ok(Value::NONE)
}

fn set_int_max_str_digits(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = vm::index_i64(cx, a[0], Ty::OverflowError)?;
    if n != 0 && n < 640 {
        return Err(cx.value_error("maxdigits must be >= 640 or 0 for unlimited"));
    }
    cx.space().int_max_str_digits.store(n, Ordering::Relaxed);
    Ok(Value::NONE)
}

fn setswitchinterval(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let f = vm::float_of(cx, a[0])?;
    if f.is_nan() || f <= 0.0 {
        return Err(cx.value_error("switch interval must be strictly positive"));
    }
    let us = (f * 1e6).round() as u64;
    cx.space().state::<Settings>().switch_interval.store(us, Ordering::Relaxed);
    Ok(Value::NONE)
}

fn set_origin_depth(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = vm::index_i64(cx, a[0], Ty::OverflowError)?;
    match usize::try_from(n) {
        Ok(n) => cx.coroutine_origin_depth = n,
        Err(_) => return Err(cx.value_error("depth must be >= 0")),
    }
    Ok(Value::NONE)
}

fn get_asyncgen_hooks(cx: &mut Ctx, _a: &[Value]) -> PyResult {
    let hooks = cx.asyncgen_hooks;
    let ty = vm::lookup_sys(cx, "_asyncgen_hooks_type").unwrap_or(Value::NONE);
    vm::structseq::new_structseq(cx, ty, &hooks)
}

fn set_asyncgen_hooks(cx: &mut Ctx, a: &[Value]) -> PyResult {
    for (i, what) in [(1, "finalizer"), (0, "firstiter")] {
        if let Some(h) = a[i].bound()
            && !h.is_none()
            && !vm::callable(cx, h)
        {
            let msg = format!("callable {what} expected, got {}", protopy_vm::ops::tp_name(cx, h));
            return Err(cx.type_error(&msg));
        }
    }
    for (hook, v) in cx.asyncgen_hooks.iter_mut().zip(a) {
        if let Some(h) = v.bound() {
            *hook = h;
        }
    }
    Ok(Value::NONE)
}
