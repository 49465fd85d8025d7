//! Functions of `math` on many numbers: sums, products, norms.

use crate::integers::only_positional;
use num_bigint::BigInt;
use protocore::layouts::{FloatObj, IntRef, TupleObj};
use protocore::{Args, Ctx, PyResult, Raised, Ty, Value};
use protopy_num::math::{self, Fsum, FsumError, SumProd};
use protopy_vm::{BinOp, binary_op, float_of, for_each, iter, keep_alive, next, protocore, to_vec};
use std::ops::ControlFlow;

// ---------------------------------------------------------------------------------------------------- fsum, norms

#[cold]
fn fsum_error(cx: &mut Ctx, e: FsumError) -> Raised {
    match e {
        FsumError::Overflow => cx.raise_str(Ty::OverflowError, "intermediate overflow in fsum"),
        FsumError::OppositeInfinities => cx.value_error("-inf + inf in fsum"),
    }
}

pub(crate) fn fsum(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let mut sum = Fsum::new();
    for_each(cx, args[0], |cx, v| {
        let x = float_of(cx, v)?;
        match sum.push(x) {
            Ok(()) => Ok(ControlFlow::Continue(())),
            Err(e) => Err(fsum_error(cx, e)),
        }
    })?;
    match sum.finish() {
        Ok(x) => Ok(cx.float(x)),
        Err(e) => Err(fsum_error(cx, e)),
    }
}

/// All items as floats.
fn floats(cx: &mut Ctx, items: &[Value]) -> PyResult<Vec<f64>> {
    let mut out = Vec::with_capacity(items.len());
    for v in items {
        out.push(float_of(cx, *v)?);
    }
    Ok(out)
}

/// The coordinates of a point.
fn coordinates(cx: &mut Ctx, v: Value) -> PyResult {
    match TupleObj::of(v) {
        Some(_) => Ok(v),
        None => to_vec(cx, v)?.into_tuple(cx),
    }
}

pub(crate) fn dist(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let p = coordinates(cx, args[0])?;
    let q = coordinates(cx, args[1])?;
    let (Some(ps), Some(qs)) = (TupleObj::of(p), TupleObj::of(q)) else { return Ok(cx.float(0.0)) };
    if ps.items().len() != qs.items().len() {
        return Err(cx.value_error("both points must have the same number of dimensions"));
    }
    let ps = floats(cx, ps.items())?;
    let qs = floats(cx, qs.items())?;
    keep_alive(p);
    keep_alive(q);
    Ok(cx.float(math::dist(&ps, &qs)))
}

pub(crate) fn hypot(cx: &mut Ctx, _: Value, args: Args<'_>) -> PyResult {
    let all = only_positional(cx, "hypot", args)?;
    const FEW: usize = 8;
    if all.len() > FEW {
        let xs = floats(cx, all)?;
        return Ok(cx.float(math::hypot(&xs)));
    }
    let mut xs = [0.0; FEW];
    for (x, v) in xs.iter_mut().zip(all) {
        *x = float_of(cx, *v)?;
    }
    Ok(cx.float(math::hypot(&xs[..all.len()])))
}

// ---------------------------------------------------------------------------------------------------- prod

/// A running product: in machine words as long as all factors are exact ints or floats.
enum Product {
    Int(i64),
    Float(f64),
    Object(Value),
}

impl Product {
    fn start(cx: &Ctx, v: Value) -> Product {
        match (v.as_small(), FloatObj::of(v)) {
            (Some(n), _) => Product::Int(n),
            (_, Some(x)) if cx.is_exact(v, Ty::Float) => Product::Float(x),
            _ => Product::Object(v),
        }
    }

    /// The product as an object.
    fn value(&self, cx: &mut Ctx) -> Value {
        match self {
            Product::Int(n) => cx.int(*n),
            Product::Float(x) => cx.float(*x),
            Product::Object(v) => *v,
        }
    }

    /// The product with one more factor, if that takes no objects.
    fn fast(&self, cx: &Ctx, v: Value) -> Option<Product> {
        let exact_float = || FloatObj::of(v).filter(|_| cx.is_exact(v, Ty::Float));
        match self {
            Product::Int(n) => v.as_small().and_then(|m| n.checked_mul(m)).map(Product::Int),
            Product::Float(x) => match v.as_small() {
                Some(n) => Some(Product::Float(x * n as f64)),
                None => exact_float().map(|y| Product::Float(x * y)),
            },
            Product::Object(_) => None,
        }
    }
}

pub(crate) fn prod(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let mut acc = Product::start(cx, args[1]);
    for_each(cx, args[0], |cx, v| {
        acc = match acc.fast(cx, v) {
            Some(p) => p,
            None => {
                let so_far = acc.value(cx);
                let r = binary_op(cx, BinOp::Mul, so_far, v)?;
                Product::start(cx, r)
            }
        };
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(acc.value(cx))
}

// ---------------------------------------------------------------------------------------------------- sumprod

/// A sum of products in three parts: of ints and of floats while the items are those, and of objects. A part that was
/// left for another kind of item is added to the object part and not used again.
struct DotProduct {
    total: Value,
    ints: Option<i128>,
    int_used: bool,
    floats: Option<SumProd>,
    float_used: bool,
}

impl DotProduct {
    /// Adds a product of two ints; `false` if they are none or the sum gets too large.
    fn push_ints(&mut self, p: Value, q: Value) -> bool {
        let Some(sum) = self.ints else { return false };
        let (Some(x), Some(y)) = (p.as_small(), q.as_small()) else { return false };
        // A product of two immediates has 124 bits at most, so the sum may overflow.
        match sum.checked_add(i128::from(x) * i128::from(y)) {
            Some(sum) => {
                (self.ints, self.int_used) = (Some(sum), true);
                true
            }
            None => false,
        }
    }

    /// Adds a product of which at least one factor is a float and the other a float or an int.
    fn push_floats(&mut self, cx: &Ctx, p: Value, q: Value) -> bool {
        let Some(mut sum) = self.floats else { return false };
        let exact = |v: Value| FloatObj::of(v).filter(|_| cx.is_exact(v, Ty::Float));
        let whole = |v: Value| {
            if !(cx.is_exact(v, Ty::Int) || v.is_bool()) {
                return None;
            }
            match IntRef::of(v)? {
                IntRef::Small(n) => Some(n as f64),
                IntRef::Big(b) => protopy_num::int::to_f64(b),
            }
        };
        let pair = match (exact(p), exact(q)) {
            (Some(x), Some(y)) => Some((x, y)),
            (Some(x), None) => whole(q).map(|y| (x, y)),
            (None, Some(y)) => whole(p).map(|x| (x, y)),
            (None, None) => None,
        };
        let Some((x, y)) = pair else { return false };
        if !sum.push(x, y) {
            return false;
        }
        (self.floats, self.float_used) = (Some(sum), true);
        true
    }

    fn add(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        self.total = binary_op(cx, BinOp::Add, self.total, v)?;
        Ok(())
    }

    fn leave_ints(&mut self, cx: &mut Ctx) -> PyResult<()> {
        if let Some(sum) = self.ints.take()
            && self.int_used
        {
            let v = cx.bigint(BigInt::from(sum));
            self.add(cx, v)?;
        }
        Ok(())
    }

    fn leave_floats(&mut self, cx: &mut Ctx) -> PyResult<()> {
        if let Some(sum) = self.floats.take()
            && self.float_used
        {
            let v = cx.float(sum.total());
            self.add(cx, v)?;
        }
        Ok(())
    }

    /// Adds a product.
    fn push(&mut self, cx: &mut Ctx, p: Value, q: Value) -> PyResult<()> {
        if self.push_ints(p, q) {
            return Ok(());
        }
        self.leave_ints(cx)?;
        if self.push_floats(cx, p, q) {
            return Ok(());
        }
        self.leave_floats(cx)?;
        let term = binary_op(cx, BinOp::Mul, p, q)?;
        self.add(cx, term)
    }
}

pub(crate) fn sumprod(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let ps = iter(cx, args[0])?;
    let qs = iter(cx, args[1])?;
    let mut sum = DotProduct {
        total: Value::small(0),
        ints: Some(0),
        int_used: false,
        floats: Some(SumProd::new()),
        float_used: false,
    };
    loop {
        let p = next(cx, ps)?;
        let q = next(cx, qs)?;
        match (p, q) {
            (Some(p), Some(q)) => sum.push(cx, p, q)?,
            (None, None) => break,
            _ => return Err(cx.value_error("Inputs are not the same length")),
        }
        cx.safepoint()?;
    }
    sum.leave_ints(cx)?;
    sum.leave_floats(cx)?;
    Ok(sum.total)
}
