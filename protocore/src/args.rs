//! Arguments of a call, in place in the caller's registers.

use crate::layouts::TupleObj;
use crate::value::Value;

/// The arguments of a call: positional ones, then the values of keyword arguments, whose names are a tuple.
#[derive(Clone, Copy)]
pub struct Args<'a> {
    all: &'a [Value],
    names: Option<Value>,
}

impl<'a> Args<'a> {
    /// No arguments.
    pub const NONE: Args<'static> = Args { all: &[], names: None };

    /// Positional arguments only.
    #[inline(always)]
    pub const fn positional(all: &'a [Value]) -> Self {
        Args { all, names: None }
    }

    /// Positional arguments followed by as many keyword values as the tuple `names` has names.
    pub fn with_names(all: &'a [Value], names: Value) -> Self {
        match TupleObj::of(names) {
            Some(t) if !t.items().is_empty() => Args { all, names: Some(names) },
            _ => Args { all, names: None },
        }
    }

    /// Number of keyword arguments.
    #[inline(always)]
    pub fn nkw(self) -> usize {
        self.names.and_then(TupleObj::of).map_or(0, |t| t.items().len().min(self.all.len()))
    }

    /// The positional arguments.
    #[inline(always)]
    pub fn pos(self) -> &'a [Value] {
        &self.all[..self.all.len() - self.nkw()]
    }

    /// Positional arguments and keyword values.
    #[inline(always)]
    pub fn all(self) -> &'a [Value] {
        self.all
    }

    /// The tuple of keyword names, if there are any.
    #[inline(always)]
    pub fn names(self) -> Option<Value> {
        self.names
    }

    /// Keyword arguments: name (a str), value.
    pub fn kw(self) -> impl Iterator<Item = (Value, Value)> + 'a {
        let nkw = self.nkw();
        let names: &'a [Value] = self.names.and_then(TupleObj::of).map_or(&[], |t| t.items());
        names.iter().copied().zip(self.all[self.all.len() - nkw..].iter().copied())
    }

    /// Whether there are no arguments at all.
    pub fn is_empty(self) -> bool {
        self.all.is_empty()
    }
}
