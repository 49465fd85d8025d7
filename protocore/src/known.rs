//! The types that the runtime knows by number.
//!
//! The root shape of known type `t` has handle `t as u32 + 1` in every space, so "is exactly a list" is one
//! comparison without a look-up.

use crate::header::ShapeId;

macro_rules! known_types {
    ($($(#[$m:meta])* $variant:ident = $name:literal,)*) => {
        /// A known type.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        #[repr(u32)]
        #[allow(missing_docs)]
        pub enum Ty {
            $($(#[$m])* $variant,)*
        }

        /// All known types in order.
        pub const ALL_TYPES: &[Ty] = &[$(Ty::$variant,)*];

        impl Ty {
            /// `__name__`
            pub const fn name(self) -> &'static str {
                match self {
                    $(Ty::$variant => $name,)*
                }
            }
        }
    };
}

known_types! {
    Object = "object", Type = "type", Int = "int", Bool = "bool", Float = "float", Complex = "complex",
    Str = "str", Bytes = "bytes", ByteArray = "bytearray", MemoryView = "memoryview",
    List = "list", Tuple = "tuple", Dict = "dict", Set = "set", FrozenSet = "frozenset",
    Range = "range", Slice = "slice", NoneType = "NoneType", Ellipsis = "ellipsis",
    NotImplementedType = "NotImplementedType",
    Function = "function", NativeFn = "builtin_function_or_method", Method = "method",
    MethodDescriptor = "method_descriptor", ClassMethodDescriptor = "classmethod_descriptor",
    WrapperDescriptor = "wrapper_descriptor", MethodWrapper = "method-wrapper",
    GetSetDescriptor = "getset_descriptor", MemberDescriptor = "member_descriptor",
    Property = "property", StaticMethod = "staticmethod", ClassMethod = "classmethod", Super = "super",
    Module = "module", Cell = "cell", Code = "code", Frame = "frame", Traceback = "traceback",
    FrameLocalsProxy = "FrameLocalsProxy",
    Generator = "generator", Coroutine = "coroutine", AsyncGenerator = "async_generator",
    CoroutineWrapper = "coroutine_wrapper", AsyncGenASend = "async_generator_asend",
    AsyncGenAThrow = "async_generator_athrow", AsyncGenWrapped = "async_generator_wrapped_value",
    AnextAwaitable = "anext_awaitable",
    MappingProxy = "mappingproxy", SimpleNamespace = "SimpleNamespace", GenericAlias = "GenericAlias",
    Union = "Union", Template = "Template", Interpolation = "Interpolation", TemplateIter = "TemplateIter",
    TypeVar = "TypeVar", ParamSpec = "ParamSpec", ParamSpecArgs = "ParamSpecArgs",
    ParamSpecKwargs = "ParamSpecKwargs", TypeVarTuple = "TypeVarTuple", TypeAliasType = "TypeAliasType",
    Generic = "Generic",
    ListIter = "list_iterator", ListRevIter = "list_reverseiterator", TupleIter = "tuple_iterator",
    StrIter = "str_iterator", StrAsciiIter = "str_ascii_iterator", BytesIter = "bytes_iterator",
    ByteArrayIter = "bytearray_iterator", MemoryIter = "memory_iterator", SetIter = "set_iterator",
    RangeIter = "range_iterator", LongRangeIter = "longrange_iterator", SeqIter = "iterator",
    CallIter = "callable_iterator",
    DictKeys = "dict_keys", DictValues = "dict_values", DictItems = "dict_items",
    DictKeyIter = "dict_keyiterator", DictValueIter = "dict_valueiterator", DictItemIter = "dict_itemiterator",
    DictRevKeyIter = "dict_reversekeyiterator", DictRevValueIter = "dict_reversevalueiterator",
    DictRevItemIter = "dict_reverseitemiterator",
    Enumerate = "enumerate", Zip = "zip", Map = "map", Filter = "filter", Reversed = "reversed",
    WeakRef = "ReferenceType", WeakProxy = "ProxyType", WeakCallableProxy = "CallableProxyType",
    // The exceptions, bases before derived.
    BaseException = "BaseException", Exception = "Exception", BaseExceptionGroup = "BaseExceptionGroup",
    ExceptionGroup = "ExceptionGroup", GeneratorExit = "GeneratorExit",
    KeyboardInterrupt = "KeyboardInterrupt", SystemExit = "SystemExit",
    ArithmeticError = "ArithmeticError", FloatingPointError = "FloatingPointError",
    OverflowError = "OverflowError", ZeroDivisionError = "ZeroDivisionError",
    AssertionError = "AssertionError", AttributeError = "AttributeError", BufferError = "BufferError",
    EOFError = "EOFError", ImportError = "ImportError", ModuleNotFoundError = "ModuleNotFoundError",
    LookupError = "LookupError", IndexError = "IndexError", KeyError = "KeyError",
    MemoryError = "MemoryError", NameError = "NameError", UnboundLocalError = "UnboundLocalError",
    OSError = "OSError", BlockingIOError = "BlockingIOError", ChildProcessError = "ChildProcessError",
    ConnectionError = "ConnectionError", BrokenPipeError = "BrokenPipeError",
    ConnectionAbortedError = "ConnectionAbortedError", ConnectionRefusedError = "ConnectionRefusedError",
    ConnectionResetError = "ConnectionResetError", FileExistsError = "FileExistsError",
    FileNotFoundError = "FileNotFoundError", InterruptedError = "InterruptedError",
    IsADirectoryError = "IsADirectoryError", NotADirectoryError = "NotADirectoryError",
    PermissionError = "PermissionError", ProcessLookupError = "ProcessLookupError",
    TimeoutError = "TimeoutError", ReferenceError = "ReferenceError", RuntimeError = "RuntimeError",
    NotImplementedError = "NotImplementedError", RecursionError = "RecursionError",
    PythonFinalizationError = "PythonFinalizationError",
    StopIteration = "StopIteration", StopAsyncIteration = "StopAsyncIteration",
    SyntaxError = "SyntaxError", IndentationError = "IndentationError", TabError = "TabError",
    IncompleteInputError = "_IncompleteInputError",
    SystemError = "SystemError", TypeError = "TypeError", ValueError = "ValueError",
    UnicodeError = "UnicodeError", UnicodeDecodeError = "UnicodeDecodeError",
    UnicodeEncodeError = "UnicodeEncodeError", UnicodeTranslateError = "UnicodeTranslateError",
    Warning = "Warning", BytesWarning = "BytesWarning", DeprecationWarning = "DeprecationWarning",
    EncodingWarning = "EncodingWarning", FutureWarning = "FutureWarning", ImportWarning = "ImportWarning",
    PendingDeprecationWarning = "PendingDeprecationWarning", ResourceWarning = "ResourceWarning",
    RuntimeWarning = "RuntimeWarning", SyntaxWarning = "SyntaxWarning", UnicodeWarning = "UnicodeWarning",
    UserWarning = "UserWarning",
}

/// Number of known types.
pub const TYPE_COUNT: usize = ALL_TYPES.len();

impl Ty {
    /// Root shape of the type.
    #[inline(always)]
    pub const fn shape(self) -> ShapeId {
        ShapeId(self as u32 + 1)
    }
}

/// Shape of [`crate::layouts::ValuesObj`] cells.
pub const VALUES_SHAPE: ShapeId = ShapeId(TYPE_COUNT as u32 + 1);
/// Shape of [`crate::dict::DictTable`] cells.
pub const TABLE_SHAPE: ShapeId = ShapeId(TYPE_COUNT as u32 + 2);
/// Shape of cells without references.
pub const RAW_SHAPE: ShapeId = ShapeId(TYPE_COUNT as u32 + 3);
