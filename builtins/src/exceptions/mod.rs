//! The exceptions: their tree, constructors, attributes and texts.
//!
//! Every exception has the layout `Exception`: `args`, traceback, context, cause and a few fields whose meaning is the type's. The
//! numbers of the fields are stated here once, and `vm`'s errors module, which makes exceptions without running
//! constructors, agrees with them:
//!
//! | type | fields from 0 |
//! | --- | --- |
//! | AttributeError | name, obj |
//! | NameError | name |
//! | ImportError | msg, name, path, name_from |
//! | OSError | errno, strerror, filename, filename2, characters_written |
//! | SyntaxError | msg, filename, lineno, offset, text, end_lineno, end_offset, print_file_and_line, _metadata |
//! | UnicodeError's subclasses | encoding, object, start, end, reason |
//! | StopIteration | value |
//! | SystemExit | code |
//! | BaseExceptionGroup | message, exceptions |
//!
//! An empty slot stands for None, in fields as in `__context__`, `__cause__` and `__traceback__`.

mod base;
mod groups;
mod os;
mod simple;
mod syntax;
mod unicode;

use protopy_vm::protocore::layouts::{ExcObj, ListObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Ctx, Layout, PyResult, Root, Ty, TypeObj, Value};
use protopy_vm::types::{create_type, type_modified};
use protopy_vm::{GetSetDef, TypeSpec};

/// Flags of every exception type.
const FLAGS: u64 = type_flags::BASETYPE | type_flags::DICT | type_flags::EXCEPTION;

/// An exception type without slots and attributes of its own.
const fn plain(ty: Ty, base: Ty, doc: &'static str) -> TypeSpec {
    TypeSpec {
        ty: Some(ty),
        name: ty.name(),
        base: Some(base),
        layout: Layout::Exception,
        flags: FLAGS,
        doc,
        ..TypeSpec::BASE
    }
}

/// An exception type with slots and attributes.
const fn with(
    ty: Ty,
    base: Ty,
    slots: SlotSpec,
    getsets: &'static [GetSetDef],
    doc: &'static str,
) -> TypeSpec {
    TypeSpec { slots, getsets, ..plain(ty, base, doc) }
}

macro_rules! plain_types {
    ($($ty:ident < $base:ident $doc:literal;)*) => {
        &[$(plain(Ty::$ty, Ty::$base, $doc),)*]
    };
}

static EXCEPTION: TypeSpec = plain(
    Ty::Exception,
    Ty::BaseException,
    "Common base class for all exceptions that programs are meant to catch.",
);

/// The types without state of their own, bases first; those with state are created before.
static PLAIN: &[TypeSpec] = plain_types! {
    GeneratorExit < BaseException "Raised inside a generator that is being closed.";
    KeyboardInterrupt < BaseException "The user interrupted the program.";
    ArithmeticError < Exception "Base class of arithmetic errors.";
    FloatingPointError < ArithmeticError "A floating-point operation failed.";
    OverflowError < ArithmeticError "A result is too large to be represented.";
    ZeroDivisionError < ArithmeticError "The second operand of a division or modulo operation was zero.";
    AssertionError < Exception "An assertion failed.";
    BufferError < Exception "A buffer could not be provided.";
    EOFError < Exception "Reading hit the end of the file.";
    LookupError < Exception "Base class of errors of a failed look-up.";
    IndexError < LookupError "A sequence index is out of range.";
    MemoryError < Exception "Out of memory.";
    UnboundLocalError < NameError "A local variable is used before it has a value.";
    ModuleNotFoundError < ImportError "There is no module of that name.";
    ReferenceError < Exception "A weak proxy is used after its object has gone.";
    RuntimeError < Exception "An error that no other class describes.";
    NotImplementedError < RuntimeError "The method or function has no implementation yet.";
    RecursionError < RuntimeError "The recursion is too deep.";
    PythonFinalizationError < RuntimeError "The operation is not possible while the interpreter is shutting down.";
    StopAsyncIteration < Exception "Ends an asynchronous iteration.";
    IndentationError < SyntaxError "The indentation is not right.";
    TabError < IndentationError "Tabs and spaces are mixed in the indentation.";
    IncompleteInputError < SyntaxError "The input ended before the statement was complete.";
    SystemError < Exception "An internal error of the interpreter; please report it.";
    TypeError < Exception "The argument's type does not fit.";
    ValueError < Exception "The type of the argument is right, its value is not.";
    UnicodeError < ValueError "An error of encoding or decoding text.";
    BlockingIOError < OSError "The operation would block.";
    ChildProcessError < OSError "An operation on a child process failed.";
    ConnectionError < OSError "Base class of errors of a connection.";
    BrokenPipeError < ConnectionError "The other end of the pipe or connection is closed.";
    ConnectionAbortedError < ConnectionError "The connection was aborted.";
    ConnectionRefusedError < ConnectionError "The connection was refused.";
    ConnectionResetError < ConnectionError "The connection was reset.";
    FileExistsError < OSError "The file exists already.";
    FileNotFoundError < OSError "There is no such file.";
    InterruptedError < OSError "A signal interrupted the operation.";
    IsADirectoryError < OSError "The operation does not work on directories.";
    NotADirectoryError < OSError "The operation works only on directories.";
    PermissionError < OSError "The access rights do not suffice.";
    ProcessLookupError < OSError "There is no such process.";
    TimeoutError < OSError "The time has run out.";
    Warning < Exception "Base class of warning categories.";
    BytesWarning < Warning "Warnings about confusing bytes with text.";
    DeprecationWarning < Warning "Warnings about deprecated features, for programmers.";
    EncodingWarning < Warning "Warnings about an encoding that was left to the default.";
    FutureWarning < Warning "Warnings about what will change, for users.";
    ImportWarning < Warning "Warnings about probable mistakes in imports.";
    PendingDeprecationWarning < Warning "Warnings about features that will be deprecated.";
    ResourceWarning < Warning "Warnings about the use of resources.";
    RuntimeWarning < Warning "Warnings about dubious behaviour at run time.";
    SyntaxWarning < Warning "Warnings about dubious syntax.";
    UnicodeWarning < Warning "Warnings about problems with Unicode.";
    UserWarning < Warning "Warnings that user code makes.";
};

/// Names in `builtins` that stand for OSError.
pub const OS_ERROR_ALIASES: &[&str] = &["EnvironmentError", "IOError"];

/// Creates the exception types and the preallocated MemoryError. `object`, `type`, `str`, `tuple` and the descriptors' types exist
/// already.
pub fn init(cx: &mut Ctx) -> PyResult<()> {
    create_type(cx, &base::BASE_EXCEPTION)?;
    create_type(cx, &EXCEPTION)?;
    let stateful = [
        &simple::STOP_ITERATION,
        &simple::SYSTEM_EXIT,
        &simple::NAME_ERROR,
        &simple::ATTRIBUTE_ERROR,
        &simple::IMPORT_ERROR,
        &os::OS_ERROR,
        &syntax::SYNTAX_ERROR,
        &groups::BASE_EXCEPTION_GROUP,
    ];
    for spec in stateful {
        create_type(cx, spec)?;
    }
    for spec in PLAIN {
        create_type(cx, spec)?;
    }
    create_type(cx, &simple::KEY_ERROR)?;
    for spec in [&unicode::ENCODE_ERROR, &unicode::DECODE_ERROR, &unicode::TRANSLATE_ERROR] {
        create_type(cx, spec)?;
    }
    create_exception_group(cx)?;
    let ty = cx.ty(Ty::MemoryError);
    let e = cx.new_exception(ty, &[]);
    cx.space().set_root(Root::MemoryError, e);
    Ok(())
}

/// `ExceptionGroup`, the one builtin type with two bases.
fn create_exception_group(cx: &mut Ctx) -> PyResult<()> {
    static SPEC: TypeSpec = TypeSpec {
        flags: FLAGS | type_flags::WEAKREF,
        ..plain(Ty::ExceptionGroup, Ty::BaseExceptionGroup, "Several unrelated exceptions in one.")
    };
    let group = create_type(cx, &SPEC)?;
    let Some(t) = TypeObj::of(group) else { return Ok(()) };
    let (first, second) = (cx.ty(Ty::BaseExceptionGroup).value(), cx.ty(Ty::Exception));
    let bases = cx.tuple_of(None, &[first, second.value()])?;
    cx.store(group, &t.bases, bases);
    let (base, object) = (cx.ty(Ty::BaseException).value(), cx.ty(Ty::Object).value());
    let mro = cx.tuple_of(None, &[group, first, second.value(), base, object])?;
    cx.store(group, &t.mro, mro);
    if let Some(subclasses) = second.subclasses.get().and_then(ListObj::of) {
        let ty = cx.ty(Ty::WeakRef);
        if let Some(w) = cx.new_weakref(group, None, ty, false) {
            cx.list_append(subclasses, w)?;
        }
    }
    type_modified(cx, t);
    Ok(())
}

/// The exception names of the module `builtins`, aliases included, with their values.
pub fn builtin_names(cx: &mut Ctx) -> Vec<(&'static str, Value)> {
    let first = Ty::BaseException as u32;
    let mut all: Vec<(&'static str, Value)> = protopy_vm::protocore::known::ALL_TYPES
        .iter()
        .filter(|t| **t as u32 >= first)
        .map(|t| (t.name(), cx.ty(*t).value()))
        .collect();
    let os = cx.ty(Ty::OSError).value();
    all.extend(OS_ERROR_ALIASES.iter().map(|n| (*n, os)));
    all
}

// ---------------------------------------------------------------------------------------------------- fields

/// The object behind an exception's `self`, which the descriptors have checked.
fn exc(cx: &mut Ctx, v: Value) -> PyResult<&'static ExcObj> {
    match ExcObj::of(v) {
        Some(x) => Ok(x),
        None => Err(cx.type_error("descriptor requires an exception")),
    }
}

/// Reads field `I`.
fn get_field<const I: usize>(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(exc(cx, v)?.fields[I].get_or_none())
}

/// Sets field `I`; deletion makes it None.
fn set_field<const I: usize>(cx: &mut Ctx, v: Value, new: Option<Value>) -> PyResult<()> {
    let x = exc(cx, v)?;
    put(cx, v, x, I, new);
    Ok(())
}

/// Stores into a field, or empties it.
fn put(cx: &mut Ctx, owner: Value, x: &ExcObj, i: usize, v: Option<Value>) {
    match v {
        Some(v) => cx.store(owner, &x.fields[i], v),
        None => cx.store_empty(owner, &x.fields[i]),
    }
}
