//! Interned names that the runtime looks up often.

use protocore::layouts::TupleObj;
use protocore::{Ctx, PyResult, Root, Value};

macro_rules! names {
    ($($variant:ident = $text:literal,)*) => {
        /// A name known by number.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(usize)]
        #[allow(missing_docs)]
        pub enum N {
            $($variant,)*
        }

        const TEXTS: &[&str] = &[$($text,)*];
    };
}

names! {
    Dict = "__dict__", Class = "__class__", Name = "__name__", Qualname = "__qualname__", Module = "__module__",
    Doc = "__doc__", Builtins = "__builtins__", Init = "__init__", New = "__new__", Call = "__call__",
    Del = "__del__", GetAttr = "__getattr__", GetAttribute = "__getattribute__", SetAttr = "__setattr__",
    DelAttr = "__delattr__", Iter = "__iter__", Next = "__next__", Len = "__len__",
    LengthHint = "__length_hint__", GetItem = "__getitem__", ClassGetItem = "__class_getitem__",
    Contains = "__contains__", Reversed = "__reversed__", Missing = "__missing__", Format = "__format__",
    Index = "__index__", Int = "__int__", Float = "__float__", Complex = "__complex__", Bool = "__bool__",
    Hash = "__hash__", Eq = "__eq__", Repr = "__repr__", Str = "__str__", Bytes = "__bytes__",
    Enter = "__enter__", Exit = "__exit__", AEnter = "__aenter__", AExit = "__aexit__", Await = "__await__",
    AIter = "__aiter__", ANext = "__anext__", Send = "send", Throw = "throw", Close = "close", Value = "value",
    Args = "args", InstanceCheck = "__instancecheck__", SubclassCheck = "__subclasscheck__",
    Bases = "__bases__", Mro = "__mro__", SetName = "__set_name__", InitSubclass = "__init_subclass__",
    AbstractMethods = "__abstractmethods__", IsAbstract = "__isabstractmethod__", Annotations = "__annotations__",
    Annotate = "__annotate__", AnnotateFunc = "__annotate_func__", AnnotationsCache = "__annotations_cache__",
    TypeParams = "__type_params__", Slots = "__slots__", ClassCell = "__classcell__",
    ClassDictCell = "__classdictcell__", MroEntries = "__mro_entries__", Prepare = "__prepare__",
    StaticAttributes = "__static_attributes__", FirstLineNo = "__firstlineno__", WeakRef = "__weakref__",
    Round = "__round__", Trunc = "__trunc__", Floor = "__floor__", Ceil = "__ceil__", DivMod = "__divmod__",
    Dir = "__dir__", MatchArgs = "__match_args__", Path = "__path__", File = "__file__", Spec = "__spec__",
    Loader = "__loader__", Package = "__package__", All = "__all__", ImportFn = "__import__",
    BuildClass = "__build_class__", Main = "__main__", Get = "__get__", Set = "__set__", Delete = "__delete__",
    Keys = "keys", Items = "items", Get_ = "get", Add = "__add__", Notes = "__notes__", Wrapped = "__wrapped__",
    Fspath = "__fspath__", Reduce = "__reduce__", ReduceEx = "__reduce_ex__", GetState = "__getstate__",
    SizeOf = "__sizeof__", Subclasshook = "__subclasshook__", OrigBases = "__orig_bases__",
    Origin = "__origin__", Args_ = "__args__", Parameters = "__parameters__", Metaclass = "metaclass",
    Initializing = "_initializing", Lambda = "<lambda>", ModuleCode = "<module>", Debug = "__debug__",
    FindAndLoad = "_find_and_load", HandleFromlist = "_handle_fromlist", Modules = "modules", Stdout = "stdout",
    Stderr = "stderr", Excepthook = "excepthook", Displayhook = "displayhook", Write = "write", Flush = "flush",
    MetaPath = "meta_path", Underscore = "_", SetItem = "__setitem__", DelItem = "__delitem__", Empty = "",
    Append = "append", Extend = "extend", Update = "update", Copy = "copy", Self_ = "self", Join = "join",
    GetNewArgs = "__getnewargs__", GetNewArgsEx = "__getnewargs_ex__", SetState = "__setstate__",
    TextSignature = "__text_signature__", ObjClass = "__objclass__", Func = "__func__", SelfAttr = "__self__",
    CoroutineOrigin = "cr_origin", Msg = "msg", ErrorHandler = "errors", Encoding = "encoding",
}

/// The interned string of a name.
#[inline]
pub fn name(cx: &Ctx, n: N) -> Value {
    TupleObj::of(cx.root(Root::Names)).and_then(|t| t.items().get(n as usize).copied()).unwrap_or(Value::NONE)
}

/// Interns all names. Called once a space, before anything that needs one.
pub fn init_names(cx: &mut Ctx) -> PyResult<()> {
    let mut all = Vec::with_capacity(TEXTS.len());
    for t in TEXTS {
        all.push(cx.intern_str(t));
    }
    let tuple = cx.tuple_of(None, &all)?;
    cx.space().set_root(Root::Names, tuple);
    Ok(())
}
