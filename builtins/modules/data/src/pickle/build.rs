//! Reading of pickles: opcodes that fill containers, make objects and give them their state.

use super::load::Loader;
use super::unpickling_error;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{ListObj, StrObj, TupleObj};
use protopy_vm::protocore::{Args, Ctx, Held, PyResult, Raised, Ty, TypeObj, Value};
use protopy_vm::{self as vm, N, name};

impl Loader<'_> {
    /// Appends the values from a place on to the one below.
    pub(super) fn append(&mut self, cx: &mut Ctx, at: usize) -> PyResult<()> {
        let (target, n) = self.below(cx, at)?;
        if at == n {
            return Ok(());
        }
        if let Some(l) = ListObj::of(target).filter(|_| cx.is_exact(target, Ty::List)) {
            if n - at == 1 {
                cx.list_append(l, self.value(at))?;
            } else {
                cx.list_extend(l, self.above(at))?;
            }
            self.cut(at);
            return Ok(());
        }
        let extend = name(cx, N::Extend);
        if let Some(f) = vm::lookup_attr(cx, target, extend)? {
            let items = cx.list(self.above(at))?;
            self.cut(at);
            return vm::call(cx, f, &[items]).map(|_| ());
        }
        let append = name(cx, N::Append);
        let f = vm::get_attr(cx, target, append)?;
        for i in at..n {
            let v = self.value(i);
            vm::call(cx, f, &[v])?;
        }
        self.cut(at);
        Ok(())
    }

    /// Sets the keys and values from a place on in what is below.
    pub(super) fn set_items(&mut self, cx: &mut Ctx, at: usize) -> PyResult<()> {
        let (target, n) = self.below(cx, at)?;
        if at == n {
            return Ok(());
        }
        if !(n - at).is_multiple_of(2) {
            return Err(unpickling_error(cx, "odd number of items for SETITEMS"));
        }
        let dict = DictObj::of(target).filter(|_| cx.is_exact(target, Ty::Dict));
        for i in (at..n).step_by(2) {
            let (k, v) = (self.value(i), self.value(i + 1));
            match dict {
                Some(d) => vm::dict_set(cx, d, k, v)?,
                None => vm::set_item(cx, target, k, Some(v))?,
            }
        }
        self.cut(at);
        Ok(())
    }

    /// Makes a dict of the keys and values from a place on.
    pub(super) fn make_dict(&mut self, cx: &mut Ctx, at: usize) -> PyResult<()> {
        let made = cx.dict();
        let Some(d) = DictObj::of(made) else { return Ok(()) };
        let n = self.above(0).len();
        if !(n - at).is_multiple_of(2) {
            return Err(unpickling_error(cx, "odd number of items for DICT"));
        }
        for i in (at..n).step_by(2) {
            let (k, v) = (self.value(i), self.value(i + 1));
            vm::dict_set(cx, d, k, v)?;
        }
        self.cut(at);
        self.give(made);
        Ok(())
    }

    /// Adds the values from a place on to the set below.
    pub(super) fn add_items(&mut self, cx: &mut Ctx, at: usize) -> PyResult<()> {
        let (target, n) = self.below(cx, at)?;
        if at == n {
            return Ok(());
        }
        let is_set = cx.is_instance(target, Ty::Set);
        match DictObj::of_set(target).filter(|_| is_set) {
            Some(s) => {
                for i in at..n {
                    let v = self.value(i);
                    vm::set_add(cx, s, v)?;
                }
            }
            None => {
                let f = vm::get_attr_str(cx, target, "add")?;
                for i in at..n {
                    let v = self.value(i);
                    vm::call(cx, f, &[v])?;
                }
            }
        }
        self.cut(at);
        Ok(())
    }

    /// `func(*args)`
    pub(super) fn reduce(&mut self, cx: &mut Ctx) -> PyResult<()> {
        let args = self.take(cx)?;
        let func = self.take(cx)?;
        let Some(t) = TupleObj::of(args) else {
            return Err(cx.type_error("argument list must be a tuple"));
        };
        let v = vm::call(cx, func, t.items())?;
        vm::keep_alive(args);
        self.give(v);
        Ok(())
    }

    /// `cls.__new__(cls, *args, **kwargs)`
    pub(super) fn new_object(&mut self, cx: &mut Ctx, with_names: bool) -> PyResult<()> {
        let op = if with_names { "NEWOBJ_EX" } else { "NEWOBJ" };
        let kwargs = if with_names { Some(self.take(cx)?) } else { None };
        let args = self.take(cx)?;
        let class = self.take(cx)?;
        let Some(ty) = TypeObj::of(class) else { return Err(bad_argument(cx, op, "class", "a type", class)) };
        let Some(new) = ty.slots.new.get() else {
            let msg = format!("{op} class argument '{}' doesn't have __new__", vm::errors::type_text(ty));
            return Err(unpickling_error(cx, &msg));
        };
        let Some(t) = TupleObj::of(args) else { return Err(bad_argument(cx, op, "args", "a tuple", args)) };
        let v = match kwargs {
            None => new(cx, class, Args::positional(t.items()))?,
            Some(k) => {
                let Some(d) = DictObj::of(k) else { return Err(bad_argument(cx, op, "kwargs", "a dict", k)) };
                let mut all = Held::new();
                let mut names = Held::new();
                all.extend(t.items().iter().copied());
                for (_, n, v) in d.snapshot().iter().copied() {
                    if StrObj::of(n).is_none() {
                        return Err(cx.type_error("keywords must be strings"));
                    }
                    names.push(n);
                    all.push(v);
                }
                let names = cx.tuple_of(None, &names)?;
                new(cx, class, Args::with_names(&all, names))?
            }
        };
        vm::keep_alive(args);
        self.give(v);
        Ok(())
    }

    /// Gives an object its state.
    pub(super) fn build(&mut self, cx: &mut Ctx) -> PyResult<()> {
        let state = self.take(cx)?;
        let inst = self.last(cx)?;
        let n = name(cx, N::SetState);
        if let Some(f) = vm::lookup_attr(cx, inst, n)? {
            return vm::call(cx, f, &[state]).map(|_| ());
        }
        let (state, slots) = match TupleObj::of(state).map(|t| t.items()) {
            Some(&[state, slots]) => (state, slots),
            _ => (state, Value::NONE),
        };
        if !state.is_none() {
            let Some(d) = DictObj::of(state) else {
                return Err(unpickling_error(cx, "state is not a dictionary"));
            };
            set_attributes(cx, inst, d)?;
        }
        if slots.is_none() {
            return Ok(());
        }
        let Some(d) = DictObj::of(slots) else {
            return Err(unpickling_error(cx, "slot state is not a dictionary"));
        };
        let mut at = 0;
        while let Some((next, _, k, v)) = d.next_from(at) {
            at = next + 1;
            vm::set_attr(cx, inst, k, Some(v))?;
        }
        vm::keep_alive(slots);
        Ok(())
    }
}

/// Puts what a dict has into an object's attributes, past whatever its class does with them.
fn set_attributes(cx: &mut Ctx, inst: Value, d: &'static DictObj) -> PyResult<()> {
    let mut at = 0;
    // An ordinary object needs no dict for it.
    let plain = has_plain_dict(cx, inst);
    let mut dict = None;
    if !plain {
        let n = name(cx, N::Dict);
        dict = Some(vm::get_attr(cx, inst, n)?);
    }
    while let Some((next, _, k, v)) = d.next_from(at) {
        at = next + 1;
        let exact = cx.is_exact(k, Ty::Str);
        let k = if exact { cx.intern(k) } else { k };
        if plain && exact && dict.is_none() && vm::set_instance_attr(cx, inst, k, v)? {
            continue;
        }
        let target = match dict {
            Some(t) => t,
            None => {
                let n = name(cx, N::Dict);
                let t = vm::get_attr(cx, inst, n)?;
                dict = Some(t);
                t
            }
        };
        vm::set_item(cx, target, k, Some(v))?;
    }
    vm::keep_alive(d.value());
    Ok(())
}

/// Whether `inst.__dict__` is the dict that every object has, not an attribute of its class's making.
fn has_plain_dict(cx: &mut Ctx, inst: Value) -> bool {
    use protopy_vm::protocore::types::type_flags::{DICT, GENERIC_GETATTR, HEAP};
    let ty = cx.type_of(inst);
    if !ty.has(DICT) || !ty.has(HEAP) || !ty.has(GENERIC_GETATTR) {
        return false;
    }
    let n = name(cx, N::Dict);
    vm::type_lookup(cx, ty, n).is_none_or(|v| cx.is_exact(v, Ty::GetSetDescriptor))
}

#[cold]
fn bad_argument(cx: &mut Ctx, op: &str, which: &str, wanted: &str, v: Value) -> Raised {
    let msg = format!("{op} {which} argument must be {wanted}, not {}", vm::full_type_name(cx, v));
    unpickling_error(cx, &msg)
}
