//! `Unpickler` and its memo's proxy.

use super::input::{File, Input};
use super::load::{Loader, Memo};
use super::worker::{self, Worker};
use super::{State, globals, unpickling_error};
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{IntRef, MethodDef, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Guarded, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, TypeObj, Value,
};
use protopy_vm::{self as vm, GetSetDef, TypeSpec, getsets, methods};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// An unpickler; without a file until `__init__` ran.
#[derive(Default)]
pub struct Unpickler {
    read: Slot,
    readline: Slot,
    peek: Slot,
    buffers: Slot,
    /// The memo as a dict, between loads.
    memo: Slot,
    /// `persistent_load` as set on the instance.
    persistent: Slot,
    fix_imports: AtomicBool,
    proto: AtomicU8,
    busy: AtomicBool,
    texts: Guarded<(String, String)>,
    /// Bytes of the file behind the last pickle.
    rest: Guarded<Vec<u8>>,
}

impl Payload for Unpickler {
    const NAME: &'static str = "Unpickler";

    fn trace(&self, t: &mut Tracer) {
        for s in [&self.read, &self.readline, &self.peek, &self.buffers, &self.memo, &self.persistent] {
            t.slot(s);
        }
    }
}

/// The type.
pub static UNPICKLER: TypeSpec = TypeSpec {
    name: "Unpickler",
    module: "_pickle",
    layout: Layout::Native,
    vt: Some(<Unpickler as NativeLayout>::VT),
    flags: type_flags::BASETYPE,
    slots: SlotSpec { init: Some(unpickler_init), ..worker::slots::<Unpickler>() },
    methods: METHODS,
    getsets: GETSETS,
    doc: "This takes a binary file for reading a pickle data stream.",
    sig: Some("(file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())"),
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    "persistent_load(self, pid, /)" => |cx, _| {
        let msg = "A load persistent id instruction was encountered, but no persistent_load function was specified.";
        Err(unpickling_error(cx, msg))
    };
    /// Load a pickle.
    ///
    /// Read a pickled object representation from the open file object given
    /// in the constructor, and return the reconstituted object hierarchy
    /// specified therein.
    "load(self, /)" => |cx, a| load(cx, a[0]);
    /// Return an object from a specified module.
    ///
    /// If necessary, the module will be imported. Subclasses may override
    /// this method (e.g. to restrict unpickling of arbitrary classes and
    /// functions).
    ///
    /// This method is called whenever a class or a function object is
    /// needed.  Both arguments passed are str objects.
    "find_class(self, module_name, global_name, /)" => |cx, a| {
        let u = this(cx, a[0])?;
        let state = cx.space().state::<State>();
        let (proto, fix) = (u.proto.load(Ordering::Relaxed), u.fix_imports.load(Ordering::Relaxed));
        globals::find_class(cx, &state, a[1], a[2], proto, fix)
    };
    /// Returns size in memory, in bytes.
    "__sizeof__(self, /)" => |cx, a| {
        let u = this(cx, a[0])?;
        let n = u.memo.get().and_then(DictObj::of).map_or(0, DictObj::len);
        let rest = u.rest.with(|r| r.len());
        Ok(cx.int_usize(size_of::<Unpickler>() + 16 + n * 8 + rest))
    };
];

static GETSETS: &[GetSetDef] = getsets![
    "memo" => |cx, v| worker::proxy::<Unpickler>(cx, v), set_memo;
];

impl Worker for Unpickler {
    const HOOK: &'static str = "persistent_load";
    const PROXY: (&'static str, &'static str) = ("an", "UnpicklerMemoProxy");

    fn hook(&self) -> &Slot {
        &self.persistent
    }

    fn copy_memo(cx: &mut Ctx, v: Value) -> PyResult {
        let u = this(cx, v)?;
        let made = cx.dict();
        if let (Some(from), Some(to)) = (u.memo.get().and_then(DictObj::of), DictObj::of(made))
            && cx.dict_copy_into(from, to).is_none()
        {
            return Err(cx.no_memory());
        }
        Ok(made)
    }

    fn clear_memo(cx: &mut Ctx, v: Value) -> PyResult<()> {
        let u = this(cx, v)?;
        let fresh = cx.dict();
        cx.store(v, &u.memo, fresh);
        Ok(())
    }

    fn proxy_type(cx: &mut Ctx) -> Option<&'static TypeObj> {
        cx.space().state::<State>().unpickler_memo.get().and_then(TypeObj::of)
    }
}

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static Unpickler> {
    worker::this(cx, v)
}

/// What `load`, `loads` and `Unpickler` may be told by keyword.
pub struct Options {
    fix_imports: bool,
    encoding: String,
    errors: String,
    buffers: Option<Value>,
}

impl Options {
    /// Of the values: unbound for what was left out.
    pub fn of(cx: &mut Ctx, function: &str, v: [Value; 4]) -> PyResult<Options> {
        let [fix, encoding, errors, buffers] = v;
        let fix_imports = match fix.bound() {
            Some(f) => vm::is_true(cx, f)?,
            None => true,
        };
        let mut texts = ["ASCII".to_owned(), "strict".to_owned()];
        for ((to, v), name) in texts.iter_mut().zip([encoding, errors]).zip(["encoding", "errors"]) {
            let Some(v) = v.bound() else { continue };
            let Some(s) = StrObj::of(v) else {
                let shown = if v.is_none() { "None".to_owned() } else { vm::tp_name(cx, v) };
                let msg = format!("{function}() argument '{name}' must be str, not {shown}");
                return Err(cx.type_error(&msg));
            };
            if s.str_ref().chars().any(|c| c == 0) {
                return Err(cx.value_error("embedded null character"));
            }
            if s.to_utf8().is_none() {
                // Says which character cannot be.
                vm::codec::encode(cx, v, "utf-8", "strict")?;
            }
            *to = s.to_string_lossy();
        }
        let buffers = match buffers.not_none() {
            Some(b) => Some(vm::iter(cx, b)?),
            None => None,
        };
        let [encoding, errors] = texts;
        Ok(Options { fix_imports, encoding, errors, buffers })
    }

    fn apply(self, l: &mut Loader<'_>) {
        l.fix_imports = self.fix_imports;
        l.encoding = self.encoding;
        l.errors = self.errors;
        l.buffers = self.buffers;
    }
}

/// A file's methods; TypeError if it lacks what is needed.
pub fn file_of(cx: &mut Ctx, file: Value) -> PyResult<File> {
    let peek = vm::lookup_attr_str(cx, file, "peek")?;
    vm::lookup_attr_str(cx, file, "readinto")?;
    let read = vm::lookup_attr_str(cx, file, "read")?;
    let readline = vm::lookup_attr_str(cx, file, "readline")?;
    match (read, readline) {
        (Some(read), Some(readline)) => Ok(File { read, readline, peek }),
        _ => Err(cx.type_error("file must have 'read' and 'readline' attributes")),
    }
}

fn unpickler_init(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult<()> {
    const NAMES: [&str; 5] = ["file", "fix_imports", "encoding", "errors", "buffers"];
    if args.pos().len() > 1 {
        let msg = format!("Unpickler() takes at most 1 positional argument ({} given)", args.pos().len());
        return Err(cx.type_error(&msg));
    }
    let [file, fix, encoding, errors, buffers] = vm::bind_arguments(cx, "Unpickler", &NAMES, args)?;
    let Some(file) = file.bound() else {
        return Err(cx.type_error("Unpickler() missing required argument 'file' (pos 1)"));
    };
    let u = this(cx, v)?;
    if u.busy.load(Ordering::Acquire) {
        return Err(worker::busy::<Unpickler>(cx));
    }
    let f = file_of(cx, file)?;
    let o = Options::of(cx, "Unpickler", [fix, encoding, errors, buffers])?;
    cx.store(v, &u.read, f.read);
    cx.store(v, &u.readline, f.readline);
    for (slot, x) in [(&u.peek, f.peek), (&u.buffers, o.buffers)] {
        worker::store(cx, v, slot, x);
    }
    let memo = cx.dict();
    cx.store(v, &u.memo, memo);
    u.fix_imports.store(o.fix_imports, Ordering::Relaxed);
    u.proto.store(0, Ordering::Relaxed);
    let old = u.texts.with(|t| std::mem::replace(t, (o.encoding, o.errors)));
    drop(old);
    let old = u.rest.with(std::mem::take);
    drop(old);
    Ok(())
}

/// Whether the class of an unpickler has a method of its own in place of the type's.
fn overrides(cx: &mut Ctx, v: Value, method: &str) -> bool {
    let n = cx.intern_str(method);
    let ty = cx.type_of(v);
    let state = cx.space().state::<State>();
    let Some(base) = state.unpickler.get().and_then(TypeObj::of) else { return true };
    let own = vm::type_lookup(cx, base, n);
    vm::type_lookup(cx, ty, n) != own || vm::instance_attr(cx, v, n).is_some()
}

fn load(cx: &mut Ctx, v: Value) -> PyResult {
    let u = this(cx, v)?;
    let (Some(read), Some(readline)) = (u.read.get(), u.readline.get()) else {
        let name = super::class_text(cx, v, "Unpickler");
        let msg = format!("Unpickler.__init__() was not called by {name}.__init__()");
        return Err(unpickling_error(cx, &msg));
    };
    if u.busy.swap(true, Ordering::AcqRel) {
        return Err(worker::busy::<Unpickler>(cx));
    }
    let r = load_with(cx, v, u, File { read, readline, peek: u.peek.get() });
    u.busy.store(false, Ordering::Release);
    r
}

fn load_with(cx: &mut Ctx, v: Value, u: &'static Unpickler, file: File) -> PyResult {
    let persistent = match u.persistent.get() {
        Some(f) => Some(f),
        None if overrides(cx, v, "persistent_load") => {
            let n = cx.intern_str("persistent_load");
            Some(vm::get_attr(cx, v, n)?)
        }
        None => None,
    };
    let owner = overrides(cx, v, "find_class").then_some(v);
    let mut memo = Memo::new();
    if let Some(d) = u.memo.get().and_then(DictObj::of) {
        for (_, k, x) in d.snapshot() {
            if let Some(n) = k.as_small().and_then(|n| usize::try_from(n).ok()) {
                memo.set(n, x);
            }
        }
    }
    let state = cx.space().state::<State>();
    let rest = u.rest.with(std::mem::take);
    let mut l = Loader::new(state, Input::file(file, rest), memo);
    l.fix_imports = u.fix_imports.load(Ordering::Relaxed);
    (l.encoding, l.errors) = u.texts.with(|t| t.clone());
    l.buffers = u.buffers.get();
    l.owner = owner;
    l.persistent = persistent;
    l.told = Some(&u.proto);
    let r = l.load(cx);
    let kept = keep_memo(cx, v, u, &l.memo);
    let rest = l.input.rest();
    u.rest.with(|r| *r = rest);
    let value = r?;
    kept?;
    Ok(value)
}

/// Stores the memo for the next pickle.
fn keep_memo(cx: &mut Ctx, v: Value, u: &Unpickler, memo: &Memo) -> PyResult<()> {
    let made = cx.dict();
    if let Some(d) = DictObj::of(made) {
        for (n, x) in memo.pairs() {
            let n = cx.int_usize(n);
            vm::dict_set(cx, d, n, x)?;
        }
    }
    cx.store(v, &u.memo, made);
    Ok(())
}

// ---------------------------------------------------------------------------------------------------- memo

fn set_memo(cx: &mut Ctx, v: Value, x: Option<Value>) -> PyResult<()> {
    let d = worker::memo_source::<Unpickler>(cx, x)?;
    let made = cx.dict();
    let Some(to) = DictObj::of(made) else { return Ok(()) };
    for (_, k, x) in d.snapshot() {
        match IntRef::of(k).map(|n| n.to_i64()) {
            None => return Err(cx.type_error("memo key must be integers")),
            Some(Some(n)) if n >= 0 => vm::dict_set(cx, to, k, x)?,
            Some(_) => return Err(cx.value_error("memo key must be positive integers.")),
        }
    }
    let u = this(cx, v)?;
    cx.store(v, &u.memo, made);
    Ok(())
}

// ---------------------------------------------------------------------------------------------------- functions

/// `loads`
pub fn loads(cx: &mut Ctx, data: Value, o: Options) -> PyResult {
    let bytes = vm::bytes_like(cx, data)?;
    let state = cx.space().state::<State>();
    let mut l = Loader::new(state, Input::memory(&bytes), Memo::new());
    o.apply(&mut l);
    l.load(cx)
}

/// `load`
pub fn load_file(cx: &mut Ctx, file: Value, o: Options) -> PyResult {
    let file = file_of(cx, file)?;
    let state = cx.space().state::<State>();
    let mut l = Loader::new(state, Input::file(file, Vec::new()), Memo::new());
    o.apply(&mut l);
    l.load(cx)
}
