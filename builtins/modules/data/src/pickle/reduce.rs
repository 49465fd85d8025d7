//! Writing of pickles: objects that tell how they are made (`__reduce_ex__` and its relatives), and names of classes and functions.

use super::save::{BATCH, Saver, note_about};
use super::{op, pickling_error};
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{IntRef, StrObj, TupleObj};
use protopy_vm::protocore::{Ctx, Held, PyResult, Raised, Ty, TypeObj, Value};
use protopy_vm::types::reduce::object_reduce_ex;
use protopy_vm::{self as vm, N, name};

/// The parts of a reduction.
struct Reduced {
    func: Value,
    args: Value,
    state: Option<Value>,
    items: Option<Value>,
    pairs: Option<Value>,
    setter: Option<Value>,
}

/// A type error of a reduction's item.
#[cold]
fn bad_item(cx: &mut Ctx, what: &str, wanted: &str, v: Value) -> Raised {
    let msg = format!(
        "{what} item of the tuple returned by __reduce__ must be {wanted}, not {}",
        vm::full_type_name(cx, v)
    );
    pickling_error(cx, &msg)
}

impl Reduced {
    fn of(cx: &mut Ctx, v: Value) -> PyResult<Reduced> {
        let t = TupleObj::of(v).map_or(&[][..], |t| t.items());
        if !(2..=6).contains(&t.len()) {
            let msg = "tuple returned by __reduce__ must contain 2 through 6 elements";
            return Err(pickling_error(cx, msg));
        }
        let part = |i: usize| t.get(i).copied().filter(|v| !v.is_none());
        let r = Reduced {
            func: t[0],
            args: t[1],
            state: part(2),
            items: part(3),
            pairs: part(4),
            setter: part(5),
        };
        if !vm::callable(cx, r.func) {
            return Err(bad_item(cx, "first", "callable", r.func));
        }
        if TupleObj::of(r.args).is_none() {
            return Err(bad_item(cx, "second", "a tuple", r.args));
        }
        let is_iterator = |cx: &Ctx, v: Value| cx.type_of(v).slots.iternext.address() != 0;
        if let Some(i) = r.items.filter(|i| !is_iterator(cx, *i)) {
            return Err(bad_item(cx, "fourth", "an iterator", i));
        }
        if let Some(i) = r.pairs.filter(|i| !is_iterator(cx, *i)) {
            return Err(bad_item(cx, "fifth", "an iterator", i));
        }
        if let Some(f) = r.setter.filter(|f| !vm::callable(cx, *f)) {
            return Err(bad_item(cx, "sixth", "callable", f));
        }
        Ok(r)
    }
}

impl Saver {
    /// Adds "when serializing T what" to an error.
    fn about(cx: &mut Ctx, done: PyResult<()>, obj: Option<Value>, what: &str) -> PyResult<()> {
        match (done, obj) {
            (Err(r), Some(obj)) => Err(note_about(cx, r, obj, what)),
            (done, _) => done,
        }
    }

    /// Writes an object that is of none of the types with opcodes of their own.
    pub fn save_reducible(&mut self, cx: &mut Ctx, v: Value, ty: &'static TypeObj) -> PyResult<()> {
        let overridden = match self.reducer {
            Some(f) => Some(vm::call(cx, f, &[v])?).filter(|r| !r.is(Value::NOT_IMPLEMENTED)),
            None => None,
        };
        let reduced = match overridden {
            Some(r) => r,
            None if std::ptr::eq(ty, cx.ty(Ty::Type)) => return self.save_type(cx, v),
            None if std::ptr::eq(ty, cx.ty(Ty::Function)) => return self.save_global(cx, v, None),
            None => match self.reducer_of(cx, ty)? {
                Some(f) => vm::call(cx, f, &[v])?,
                None if ty.is_subtype(cx.ty(Ty::Type).value()) => return self.save_global(cx, v, None),
                None => self.reduce_by_method(cx, v, ty)?,
            },
        };
        if StrObj::of(reduced).is_some() {
            return self.save_global(cx, v, Some(reduced));
        }
        if TupleObj::of(reduced).is_none() {
            let msg =
                format!("__reduce__ must return a string or tuple, not {}", vm::full_type_name(cx, reduced));
            let r = pickling_error(cx, &msg);
            return Err(note_about(cx, r, v, "object"));
        }
        let done = self.save_reduced(cx, reduced, Some(v));
        Self::about(cx, done, Some(v), "object")
    }

    /// The function that a dispatch table has for a type.
    fn reducer_of(&mut self, cx: &mut Ctx, ty: &TypeObj) -> PyResult<Option<Value>> {
        if let Some(table) = self.dispatch {
            let got = vm::get_item(cx, table, ty.value());
            return vm::errors::catch(cx, got, Ty::KeyError);
        }
        match DictObj::of(self.state.dispatch_table.get_or_none()) {
            Some(d) => vm::dict_get(cx, d, ty.value()),
            None => Ok(None),
        }
    }

    fn reduce_by_method(&mut self, cx: &mut Ctx, v: Value, ty: &TypeObj) -> PyResult {
        let n = name(cx, N::ReduceEx);
        let proto = i64::from(self.proto);
        // What `object` does needs no call of a method.
        let own = vm::type_lookup(cx, ty, n);
        let plain = ty.has(vm::protocore::types::type_flags::GENERIC_GETATTR)
            && own.is_some()
            && own == vm::types::attrs::own_attr(cx, cx.ty(Ty::Object), n);
        if plain && vm::instance_attr(cx, v, n).is_none() {
            return object_reduce_ex(cx, v, proto);
        }
        if let Some(f) = vm::lookup_attr(cx, v, n)? {
            return vm::call(cx, f, &[Value::small(proto)]);
        }
        let n = name(cx, N::Reduce);
        match vm::lookup_attr(cx, v, n)? {
            Some(f) => vm::call(cx, f, &[]),
            None => {
                let msg = format!("Can't pickle {} object", vm::full_type_name(cx, v));
                Err(pickling_error(cx, &msg))
            }
        }
    }

    /// Writes what a reduction says. `obj`: the object, unless it is only described.
    pub fn save_reduced(&mut self, cx: &mut Ctx, reduced: Value, obj: Option<Value>) -> PyResult<()> {
        let r = Reduced::of(cx, reduced)?;
        let mut kind = 0;
        if self.proto >= 2 {
            let n = name(cx, N::Name);
            let called = vm::lookup_attr(cx, r.func, n)?;
            if let Some(s) = called.and_then(StrObj::of) {
                kind = if s.eq_str("__newobj_ex__") {
                    2
                } else if s.eq_str("__newobj__") {
                    1
                } else {
                    0
                };
            }
        }
        match kind {
            2 => self.save_newobj_ex(cx, r.args, obj)?,
            1 => self.save_newobj(cx, r.args, obj)?,
            _ => {
                let done = self.save(cx, r.func);
                Self::about(cx, done, obj, "reconstructor")?;
                let done = self.save(cx, r.args);
                Self::about(cx, done, obj, "reconstructor arguments")?;
                self.put(&[op::REDUCE]);
            }
        }
        if let Some(v) = obj {
            // The arguments may have written the object: then it is made already.
            if self.memo.table.get(v).is_some() {
                self.put(&[op::POP]);
                self.put_memoized(v);
            } else {
                self.memoize(cx, v)?;
            }
        }
        if let Some(items) = r.items {
            self.batch_items(cx, items, obj)?;
        }
        if let Some(pairs) = r.pairs {
            self.batch_pairs(cx, pairs, obj)?;
        }
        let Some(state) = r.state else { return Ok(()) };
        let Some(setter) = r.setter else {
            let done = self.save(cx, state);
            Self::about(cx, done, obj, "state")?;
            self.put(&[op::BUILD]);
            return Ok(());
        };
        let done = self.save(cx, setter);
        Self::about(cx, done, obj, "state setter")?;
        if let Some(v) = obj {
            self.save(cx, v)?;
        }
        let done = self.save(cx, state);
        Self::about(cx, done, obj, "state")?;
        self.put(&[op::TUPLE2, op::REDUCE, op::POP]);
        Ok(())
    }

    fn save_newobj(&mut self, cx: &mut Ctx, args: Value, obj: Option<Value>) -> PyResult<()> {
        let items = TupleObj::of(args).map_or(&[][..], |t| t.items());
        let Some((class, rest)) = items.split_first() else {
            return Err(pickling_error(cx, "__newobj__ expected at least 1 argument, got 0"));
        };
        check_class(cx, *class, "__newobj__", obj)?;
        let done = self.save(cx, *class);
        Self::about(cx, done, obj, "class")?;
        let rest = cx.tuple_of(None, rest)?;
        let done = self.save(cx, rest);
        Self::about(cx, done, obj, "__new__ arguments")?;
        self.put(&[op::NEWOBJ]);
        Ok(())
    }

    fn save_newobj_ex(&mut self, cx: &mut Ctx, args: Value, obj: Option<Value>) -> PyResult<()> {
        let items = TupleObj::of(args).map_or(&[][..], |t| t.items());
        let &[class, args, kwargs] = items else {
            let msg = format!("__newobj_ex__ expected 3 arguments, got {}", items.len());
            return Err(pickling_error(cx, &msg));
        };
        check_class(cx, class, "__newobj_ex__", None)?;
        if TupleObj::of(args).is_none() {
            let shown = vm::full_type_name(cx, args);
            let msg = format!("second argument to __newobj_ex__() must be a tuple, not {shown}");
            return Err(pickling_error(cx, &msg));
        }
        if DictObj::of(kwargs).is_none() {
            let shown = vm::full_type_name(cx, kwargs);
            let msg = format!("third argument to __newobj_ex__() must be a dict, not {shown}");
            return Err(pickling_error(cx, &msg));
        }
        if self.proto >= 4 {
            let done = self.save(cx, class);
            Self::about(cx, done, obj, "class")?;
            let done = self.save(cx, args).and_then(|()| self.save(cx, kwargs));
            Self::about(cx, done, obj, "__new__ arguments")?;
            self.put(&[op::NEWOBJ_EX]);
            return Ok(());
        }
        // Older protocols call a partial function.
        let new = name(cx, N::New);
        let new = vm::get_attr(cx, class, new)?;
        let partial = self.state.partial.get_or_none();
        let mut all = Held::new();
        let mut names = Held::new();
        all.extend([new, class]);
        all.extend(TupleObj::of(args).map_or(&[][..], |t| t.items()).iter().copied());
        if let Some(d) = DictObj::of(kwargs) {
            for (_, k, v) in d.snapshot().iter().copied() {
                if StrObj::of(k).is_none() {
                    return Err(cx.type_error("keywords must be strings"));
                }
                names.push(k);
                all.push(v);
            }
        }
        let names = cx.tuple_of(None, &names)?;
        let f = vm::call_args(cx, partial, vm::protocore::Args::with_names(&all, names))?;
        let done = self.save(cx, f);
        Self::about(cx, done, obj, "reconstructor")?;
        let empty = vm::empty_tuple(cx);
        self.save(cx, empty)?;
        self.put(&[op::REDUCE]);
        Ok(())
    }

    // ------------------------------------------------------------------------------------------------ items of others

    fn save_numbered(&mut self, cx: &mut Ctx, v: Value, obj: Option<Value>, i: usize) -> PyResult<()> {
        let done = self.save(cx, v);
        match done {
            Ok(()) => Ok(()),
            Err(r) => Self::about(cx, Err(r), obj, &format!("item {i}")),
        }
    }

    fn save_two(&mut self, cx: &mut Ctx, v: Value, obj: Option<Value>, _: usize) -> PyResult<()> {
        let items = TupleObj::of(v).map_or(&[][..], |t| t.items());
        let &[k, x] = items else {
            return Err(cx.type_error("dict items iterator must return 2-tuples"));
        };
        match obj {
            Some(owner) => self.save_pair(cx, owner, k, x),
            None => self.save(cx, k).and_then(|()| self.save(cx, x)),
        }
    }

    /// The items that an iterator gives, as those of a list.
    fn batch_items(&mut self, cx: &mut Ctx, it: Value, obj: Option<Value>) -> PyResult<()> {
        self.batch(cx, it, obj, [op::APPEND, op::APPENDS], Self::save_numbered)
    }

    /// The pairs that an iterator gives, as those of a dict.
    fn batch_pairs(&mut self, cx: &mut Ctx, it: Value, obj: Option<Value>) -> PyResult<()> {
        self.batch(cx, it, obj, [op::SETITEM, op::SETITEMS], Self::save_two)
    }

    /// What an iterator gives. `one` and `many`: the opcodes that take one of it, and all from a mark on.
    fn batch(
        &mut self,
        cx: &mut Ctx,
        it: Value,
        obj: Option<Value>,
        [one, many]: [u8; 2],
        save: fn(&mut Self, &mut Ctx, Value, Option<Value>, usize) -> PyResult<()>,
    ) -> PyResult<()> {
        let mut total = 0;
        if self.proto == 0 {
            while let Some(x) = vm::next(cx, it)? {
                save(self, cx, x, obj, total)?;
                self.put(&[one]);
                total += 1;
            }
            return Ok(());
        }
        loop {
            let Some(first) = vm::next(cx, it)? else { return Ok(()) };
            let Some(mut x) = vm::next(cx, it)? else {
                save(self, cx, first, obj, total)?;
                self.put(&[one]);
                return Ok(());
            };
            self.put(&[op::MARK]);
            save(self, cx, first, obj, total)?;
            total += 1;
            let mut n = 1;
            let mut more = true;
            while more {
                save(self, cx, x, obj, total)?;
                total += 1;
                n += 1;
                if n == BATCH {
                    break;
                }
                match vm::next(cx, it)? {
                    Some(next) => x = next,
                    None => more = false,
                }
            }
            self.put(&[many]);
            if n != BATCH {
                return Ok(());
            }
        }
    }

    // ------------------------------------------------------------------------------------------------ names

    fn save_type(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        // These types have no name to be found by.
        let only = [
            (Ty::NoneType, Value::NONE),
            (Ty::Ellipsis, Value::ELLIPSIS),
            (Ty::NotImplementedType, Value::NOT_IMPLEMENTED),
        ];
        let found = only.into_iter().find(|(t, _)| cx.ty(*t).value().is(v));
        let Some((_, instance)) = found else { return self.save_global(cx, v, None) };
        let args = cx.tuple_of(None, &[instance])?;
        let class = cx.ty(Ty::Type).value();
        let reduced = cx.tuple_of(None, &[class, args])?;
        self.save_reduced(cx, reduced, Some(v))
    }

    /// Writes an object as its module and name.
    fn save_global(&mut self, cx: &mut Ctx, v: Value, given: Option<Value>) -> PyResult<()> {
        let called = match given {
            Some(n) => n,
            None => {
                let n = name(cx, N::Qualname);
                match vm::lookup_attr(cx, v, n)? {
                    Some(q) => q,
                    None => {
                        let n = name(cx, N::Name);
                        vm::get_attr(cx, v, n)?
                    }
                }
            }
        };
        let Some(text) = StrObj::of(called).map(StrObj::to_string_lossy) else {
            let msg = format!("__qualname__ must be a str, not {}", vm::full_type_name(cx, called));
            return Err(cx.type_error(&msg));
        };
        let module = super::globals::module_of(cx, v, called, &text)?;
        if self.proto >= 2 && self.save_extension(cx, v, module, called)? {
            return Ok(());
        }
        if self.proto >= 4 {
            self.save(cx, module)?;
            self.save(cx, called)?;
            self.put(&[op::STACK_GLOBAL]);
        } else if text.contains('.') {
            self.save_path(cx, module, &text)?;
        } else {
            self.save_toplevel(cx, module, called)?;
        }
        self.memoize(cx, v)
    }

    /// Writes the number that a name is registered under, if it is.
    fn save_extension(&mut self, cx: &mut Ctx, v: Value, module: Value, called: Value) -> PyResult<bool> {
        let Some(registry) = DictObj::of(self.state.extensions.get_or_none()).filter(|d| !d.is_empty())
        else {
            return Ok(false);
        };
        let key = cx.tuple_of(None, &[module, called])?;
        let Some(code) = vm::dict_get(cx, registry, key)? else { return Ok(false) };
        let Some(code) = IntRef::of(code) else {
            let (obj, code) = (vm::repr_text(cx, v)?, vm::repr_text(cx, code)?);
            let msg = format!("Can't pickle {obj}: extension code {code} isn't an integer");
            return Err(pickling_error(cx, &msg));
        };
        let n = code.to_i64().unwrap_or(-1);
        match u32::try_from(n).ok().filter(|n| (1..=0x7fff_ffff).contains(n)) {
            Some(n @ ..=0xff) => self.put(&[op::EXT1, n as u8]),
            Some(n @ ..=0xffff) => {
                let [a, b, ..] = n.to_le_bytes();
                self.put(&[op::EXT2, a, b]);
            }
            Some(n) => {
                let [a, b, c, d] = n.to_le_bytes();
                self.put(&[op::EXT4, a, b, c, d]);
            }
            None => {
                let msg = format!("extension code {n} is out of range");
                return Err(cx.raise_str(Ty::RuntimeError, &msg));
            }
        }
        Ok(true)
    }

    /// `a.b.c` as `getattr(getattr(a, 'b'), 'c')`, for protocols that know plain names only.
    fn save_path(&mut self, cx: &mut Ctx, module: Value, text: &str) -> PyResult<()> {
        let mut parts = text.split('.');
        let first = parts.next().unwrap_or("");
        let rest: Vec<&str> = parts.collect();
        let getattr = self.state.getattr.get_or_none();
        for _ in &rest {
            self.save(cx, getattr)?;
            if self.proto < 2 {
                self.put(&[op::MARK]);
            }
        }
        let first = cx.str(first);
        self.save_toplevel(cx, module, first)?;
        for part in rest {
            let part = cx.str(part);
            self.save(cx, part)?;
            self.put(&[if self.proto < 2 { op::TUPLE } else { op::TUPLE2 }, op::REDUCE]);
        }
        Ok(())
    }

    fn save_toplevel(&mut self, cx: &mut Ctx, module: Value, called: Value) -> PyResult<()> {
        let (mut module, mut called) = (module, called);
        if self.fix_imports {
            (module, called) = super::globals::old_names(cx, &self.state, module, called)?;
        }
        let module_line = self.name_line(cx, module, "module")?;
        let name_line = self.name_line(cx, called, "global")?;
        self.put(&[op::GLOBAL]);
        self.put(&module_line);
        self.put(&name_line);
        Ok(())
    }

    fn name_line(&mut self, cx: &mut Ctx, v: Value, what: &str) -> PyResult<Vec<u8>> {
        let s = StrObj::of(v);
        let text = if self.proto >= 3 {
            s.and_then(StrObj::to_utf8)
        } else {
            s.and_then(StrObj::as_ascii).map(str::to_owned)
        };
        let Some(mut text) = text else {
            let shown = vm::repr_text(cx, v)?;
            let msg = format!("can't pickle {what} identifier {shown} using pickle protocol {}", self.proto);
            let codec = cx.str(if self.proto >= 3 { "utf-8" } else { "ascii" });
            let encoded = vm::call_method(cx, v, "encode", &[codec]);
            let cause = encoded.err().map(|cause| cx.take_raised(cause));
            let r = pickling_error(cx, &msg);
            return Err(match cause {
                Some(cause) => super::globals::during(cx, r, cause),
                None => r,
            });
        };
        text.push('\n');
        Ok(text.into_bytes())
    }
}

/// Checks the class of a `__newobj__` reduction; that it is the object's, if there is one.
fn check_class(cx: &mut Ctx, class: Value, function: &str, obj: Option<Value>) -> PyResult<()> {
    if TypeObj::of(class).is_none() {
        let msg =
            format!("first argument to {function}() must be a class, not {}", vm::full_type_name(cx, class));
        return Err(pickling_error(cx, &msg));
    }
    let Some(obj) = obj else { return Ok(()) };
    if cx.type_of(obj).value().is(class) {
        return Ok(());
    }
    let n = name(cx, N::Class);
    let own = vm::get_attr(cx, obj, n)?;
    if own.is(class) {
        return Ok(());
    }
    let (own, class) = (vm::repr_text(cx, own)?, vm::repr_text(cx, class)?);
    let msg = format!("first argument to {function}() must be {own}, not {class}");
    Err(pickling_error(cx, &msg))
}
