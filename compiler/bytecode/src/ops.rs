//! The one list of opcodes, from which everything about them derives.
//!
//! An instruction is one 64-bit word: opcode in bits 0..16, operands `a`, `b`, `c` in the three
//! following 16-bit fields; `bx` is `b` and `c` together as one 32-bit field. Some opcodes are followed by
//! cache words, zero in compiled code, which the interpreter owns.
//!
//! Each row states the doc, the name, the mnemonic, the operands and the number of cache words.
//! Operand kinds: `w` register written, `r` register read, `rw` both, `base` first register of a run that the
//! doc explains, `k` constant index, `n` name index, `i` signed immediate, `u` unsigned immediate, `j`
//! jump offset, `_` unused. `bx` forms end in `x`: `kx`, `nx`, `ix`, `jx` occupy both `b` and `c`.

/// What an operand field means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum Operand {
    /// Unused.
    None,
    /// Register written.
    w,
    /// Register read.
    r,
    /// Register read and written.
    rw,
    /// First register of a run.
    base,
    /// Constant index.
    k,
    /// Name index.
    n,
    /// Signed immediate.
    i,
    /// Unsigned immediate.
    u,
    /// Jump offset, 16 bits.
    j,
    /// Constant index, 32 bits in `b` and `c`.
    kx,
    /// Name index, 32 bits.
    nx,
    /// Signed immediate, 32 bits.
    ix,
    /// Jump offset, 32 bits.
    jx,
}

/// Calls the given macro with the list of all opcodes.
#[macro_export]
macro_rules! for_each_op {
    ($m:ident) => {
        $m! {
            // ---- moves and constants
            /// Does nothing.
            Nop "nop" (None, None, None) 0;
            /// `R[a] = R[b]`.
            Move "move" (w, r, None) 0;
            /// `R[a] = K[bx]`.
            LoadConst "load_const" (w, kx, None) 0;
            /// `R[a] =` the small integer `bx`.
            LoadInt "load_int" (w, ix, None) 0;
            /// `R[a] =` a common object of the runtime, by [`CommonConst`] number `b`.
            LoadCommon "load_common" (w, u, None) 0;
            /// `R[a] = unbound`.
            LoadUnbound "load_unbound" (w, None, None) 0;

            // ---- locals, cells, names
            /// Raises UnboundLocalError (or NameError for a cell's content) if local `R[a]` is unbound.
            CheckBound "check_bound" (r, None, None) 0;
            /// Makes local `R[a]` unbound; raises UnboundLocalError if it is already.
            DeleteLocal "delete_local" (rw, None, None) 0;
            /// `R[a] = cell(R[a])`: wraps the value, unbound or not, in a new cell.
            MakeCell "make_cell" (rw, None, None) 0;
            /// Copies the closure's `b` cells into `R[a] ..`. First instruction of code with free variables.
            CopyFreeVars "copy_free_vars" (base, u, None) 0;
            /// `R[a] =` content of the cell in `R[b]`; NameError/UnboundLocalError if empty.
            LoadDeref "load_deref" (w, r, None) 0;
            /// Content of the cell in `R[a] = R[b]`.
            StoreDeref "store_deref" (r, r, None) 0;
            /// Empties the cell in `R[a]`; error if it is empty.
            DeleteDeref "delete_deref" (r, None, None) 0;
            /// `R[a] = R[0][N[c]]` (class namespace) if present, else content of the cell in `R[b]`.
            LoadClassDeref "load_class_deref" (w, r, n) 0;
            /// `R[a] =` global or builtin `N[bx]`.
            LoadGlobal "load_global" (w, nx, None) 2;
            /// Global `N[bx] = R[a]`.
            StoreGlobal "store_global" (r, nx, None) 1;
            /// Deletes global `N[bx]`.
            DeleteGlobal "delete_global" (None, nx, None) 0;
            /// `R[a] = N[bx]` looked up in the namespace `R[0]`, then globals, then builtins.
            LoadName "load_name" (w, nx, None) 2;
            /// `R[0][N[bx]] = R[a]`.
            StoreName "store_name" (r, nx, None) 1;
            /// `del R[0][N[bx]]`, NameError if missing.
            DeleteName "delete_name" (None, nx, None) 0;
            /// `R[a] = R[b][N[c]]` if present in that mapping, else global or builtin.
            LoadFromDictOrGlobals "load_from_dict_or_globals" (w, r, n) 0;
            /// `R[a] = R[b][N[c]]` if present in that mapping, else content of the cell in `R[a]`.
            LoadFromDictOrDeref "load_from_dict_or_deref" (rw, r, n) 0;
            /// `R[a] =` the namespace `R[0]` of code that is not optimised.
            LoadLocals "load_locals" (w, None, None) 0;
            /// Makes `__annotations__` in the namespace `R[0]` if it is missing.
            SetupAnnotations "setup_annotations" (None, None, None) 0;

            // ---- attributes and items
            /// `R[a] = R[b].N[c]`.
            LoadAttr "load_attr" (w, r, n) 2;
            /// `R[a].N[c] = R[b]`.
            StoreAttr "store_attr" (r, r, n) 2;
            /// `del R[a].N[bx]`.
            DeleteAttr "delete_attr" (r, nx, None) 0;
            /// Prepares a method call: looks `N[c]` up on `R[b]` (`b` may be `a`); for a plain function of the class `R[a]`
            /// = function and `R[a+5]` = object, else `R[a]` = attribute and `R[a+5]` = unbound.
            LoadMethod "load_method" (base, r, n) 2;
            /// `R[a] = super(R[b+1], R[b+2]).N[c]`, where `R[b]` is what the name `super` means here. For `super()`
            /// without arguments `R[b+1]` is the cell of `__class__`.
            LoadSuperAttr "load_super_attr" (w, base, n) 2;
            /// As `LoadSuperAttr` with the result laid out as `LoadMethod` does at `R[a]`.
            LoadSuperMethod "load_super_method" (base, base, n) 2;
            /// `R[a] = R[b].name` with the name in `R[c]`: for name indices that do not fit.
            LoadAttrDyn "load_attr_dyn" (w, r, r) 0;
            /// `R[a].name = R[b]` with the name in `R[c]`.
            StoreAttrDyn "store_attr_dyn" (r, r, r) 0;
            /// `R[a] = R[b][R[c]]`.
            GetItem "get_item" (w, r, r) 1;
            /// `R[a][R[b]] = R[c]`.
            SetItem "set_item" (r, r, r) 1;
            /// `del R[a][R[b]]`.
            DelItem "del_item" (r, r, None) 0;
            /// `R[a] = slice(R[b], R[b+1], R[b+2])`; without the step if `c` is 2.
            BuildSlice "build_slice" (w, base, u) 0;
            /// `R[a] = R[b][R[c]:R[c+1]]`.
            GetSlice "get_slice" (w, r, base) 0;
            /// `R[a][R[b]:R[b+1]] = R[c]`.
            SetSlice "set_slice" (r, base, r) 0;

            // ---- operators
            /// `R[a] = R[b] + R[c]`.
            Add "add" (w, r, r) 1;
            /// `R[a] = R[b] - R[c]`.
            Sub "sub" (w, r, r) 1;
            /// `R[a] = R[b] * R[c]`.
            Mul "mul" (w, r, r) 1;
            /// `R[a] = R[b] / R[c]`.
            TrueDiv "true_div" (w, r, r) 0;
            /// `R[a] = R[b] // R[c]`.
            FloorDiv "floor_div" (w, r, r) 0;
            /// `R[a] = R[b] % R[c]`.
            Mod "mod" (w, r, r) 0;
            /// `R[a] = R[b] ** R[c]`.
            Pow "pow" (w, r, r) 0;
            /// `R[a] = R[b] @ R[c]`.
            MatMul "mat_mul" (w, r, r) 0;
            /// `R[a] = R[b] << R[c]`.
            LShift "lshift" (w, r, r) 0;
            /// `R[a] = R[b] >> R[c]`.
            RShift "rshift" (w, r, r) 0;
            /// `R[a] = R[b] & R[c]`.
            And "and" (w, r, r) 0;
            /// `R[a] = R[b] | R[c]`.
            Or "or" (w, r, r) 0;
            /// `R[a] = R[b] ^ R[c]`.
            Xor "xor" (w, r, r) 0;
            /// `R[a] = R[b] += R[c]`.
            IAdd "iadd" (w, r, r) 1;
            /// `R[a] = R[b] -= R[c]`.
            ISub "isub" (w, r, r) 1;
            /// `R[a] = R[b] *= R[c]`.
            IMul "imul" (w, r, r) 1;
            /// `R[a] = R[b] /= R[c]`.
            ITrueDiv "itrue_div" (w, r, r) 0;
            /// `R[a] = R[b] //= R[c]`.
            IFloorDiv "ifloor_div" (w, r, r) 0;
            /// `R[a] = R[b] %= R[c]`.
            IMod "imod" (w, r, r) 0;
            /// `R[a] = R[b] **= R[c]`.
            IPow "ipow" (w, r, r) 0;
            /// `R[a] = R[b] @= R[c]`.
            IMatMul "imat_mul" (w, r, r) 0;
            /// `R[a] = R[b] <<= R[c]`.
            ILShift "ilshift" (w, r, r) 0;
            /// `R[a] = R[b] >>= R[c]`.
            IRShift "irshift" (w, r, r) 0;
            /// `R[a] = R[b] &= R[c]`.
            IAnd "iand" (w, r, r) 0;
            /// `R[a] = R[b] |= R[c]`.
            IOr "ior" (w, r, r) 0;
            /// `R[a] = R[b] ^= R[c]`.
            IXor "ixor" (w, r, r) 0;
            /// `R[a] = R[b] + c`, where the operand is an int literal.
            AddInt "add_int" (w, r, i) 0;
            /// `R[a] = R[b] - c`.
            SubInt "sub_int" (w, r, i) 0;
            /// `R[a] = R[b] += c`.
            IAddInt "iadd_int" (w, r, i) 0;
            /// `R[a] = R[b] -= c`.
            ISubInt "isub_int" (w, r, i) 0;
            /// `R[a] = -R[b]`.
            Neg "neg" (w, r, None) 0;
            /// `R[a] = +R[b]`.
            Pos "pos" (w, r, None) 0;
            /// `R[a] = ~R[b]`.
            Invert "invert" (w, r, None) 0;
            /// `R[a] = not R[b]`.
            Not "not" (w, r, None) 0;
            /// `R[a] = bool(R[b])`.
            ToBool "to_bool" (w, r, None) 0;
            /// `R[a] = R[b] < R[c]`.
            Lt "lt" (w, r, r) 0;
            /// `R[a] = R[b] <= R[c]`.
            Le "le" (w, r, r) 0;
            /// `R[a] = R[b] == R[c]`.
            Eq "eq" (w, r, r) 0;
            /// `R[a] = R[b] != R[c]`.
            Ne "ne" (w, r, r) 0;
            /// `R[a] = R[b] > R[c]`.
            Gt "gt" (w, r, r) 0;
            /// `R[a] = R[b] >= R[c]`.
            Ge "ge" (w, r, r) 0;
            /// `R[a] = R[b] is R[c]`.
            Is "is" (w, r, r) 0;
            /// `R[a] = R[b] is not R[c]`.
            IsNot "is_not" (w, r, r) 0;
            /// `R[a] = R[b] in R[c]`.
            In "in" (w, r, r) 0;
            /// `R[a] = R[b] not in R[c]`.
            NotIn "not_in" (w, r, r) 0;

            // ---- control
            /// Jumps.
            Jump "jump" (None, jx, None) 0;
            /// Jumps if `R[a]` is true.
            JumpIfTrue "jump_if_true" (r, jx, None) 0;
            /// Jumps if `R[a]` is false.
            JumpIfFalse "jump_if_false" (r, jx, None) 0;
            /// Jumps if `R[a]` is None.
            JumpIfNone "jump_if_none" (r, jx, None) 0;
            /// Jumps unless `R[a]` is None.
            JumpIfNotNone "jump_if_not_none" (r, jx, None) 0;
            /// Jumps if `R[a]` is unbound.
            JumpIfUnbound "jump_if_unbound" (r, jx, None) 0;
            /// Jumps if `R[a] is R[b]`.
            JumpIfIs "jump_if_is" (r, r, j) 0;
            /// Jumps if `R[a] is not R[b]`.
            JumpIfIsNot "jump_if_is_not" (r, r, j) 0;
            /// Jumps if `R[a] < R[b]`.
            JumpIfLt "jump_if_lt" (r, r, j) 0;
            /// Jumps if `R[a] <= R[b]`.
            JumpIfLe "jump_if_le" (r, r, j) 0;
            /// Jumps if `R[a] == R[b]`.
            JumpIfEq "jump_if_eq" (r, r, j) 0;
            /// Jumps if `R[a] != R[b]`.
            JumpIfNe "jump_if_ne" (r, r, j) 0;
            /// Jumps if `R[a] > R[b]`.
            JumpIfGt "jump_if_gt" (r, r, j) 0;
            /// Jumps if `R[a] >= R[b]`.
            JumpIfGe "jump_if_ge" (r, r, j) 0;
            /// Jumps unless `R[a] < R[b]`.
            JumpUnlessLt "jump_unless_lt" (r, r, j) 0;
            /// Jumps unless `R[a] <= R[b]`.
            JumpUnlessLe "jump_unless_le" (r, r, j) 0;
            /// Jumps unless `R[a] == R[b]`.
            JumpUnlessEq "jump_unless_eq" (r, r, j) 0;
            /// Jumps unless `R[a] != R[b]`.
            JumpUnlessNe "jump_unless_ne" (r, r, j) 0;
            /// Jumps unless `R[a] > R[b]`.
            JumpUnlessGt "jump_unless_gt" (r, r, j) 0;
            /// Jumps unless `R[a] >= R[b]`.
            JumpUnlessGe "jump_unless_ge" (r, r, j) 0;
            /// Jumps if `R[a] < b`, an integer immediate.
            JumpIfLtInt "jump_if_lt_int" (r, i, j) 0;
            /// Jumps if `R[a] <= b`.
            JumpIfLeInt "jump_if_le_int" (r, i, j) 0;
            /// Jumps if `R[a] == b`.
            JumpIfEqInt "jump_if_eq_int" (r, i, j) 0;
            /// Jumps if `R[a] != b`.
            JumpIfNeInt "jump_if_ne_int" (r, i, j) 0;
            /// Jumps if `R[a] > b`.
            JumpIfGtInt "jump_if_gt_int" (r, i, j) 0;
            /// Jumps if `R[a] >= b`.
            JumpIfGeInt "jump_if_ge_int" (r, i, j) 0;
            /// Jumps unless `R[a] < b`.
            JumpUnlessLtInt "jump_unless_lt_int" (r, i, j) 0;
            /// Jumps unless `R[a] <= b`.
            JumpUnlessLeInt "jump_unless_le_int" (r, i, j) 0;
            /// Jumps unless `R[a] == b`.
            JumpUnlessEqInt "jump_unless_eq_int" (r, i, j) 0;
            /// Jumps unless `R[a] != b`.
            JumpUnlessNeInt "jump_unless_ne_int" (r, i, j) 0;
            /// Jumps unless `R[a] > b`.
            JumpUnlessGtInt "jump_unless_gt_int" (r, i, j) 0;
            /// Jumps unless `R[a] >= b`.
            JumpUnlessGeInt "jump_unless_ge_int" (r, i, j) 0;
            /// `R[a] = iter(R[b])`.
            GetIter "get_iter" (w, r, None) 0;
            /// `R[b] = next(R[a])`, or jumps when exhausted.
            ForIter "for_iter" (r, w, j) 1;
            /// Ends the body of a loop: as a jump to the `ForIter` of the same registers at the offset, but taking the next item at once
            /// where that is easy.
            ForLoop "for_loop" (r, w, j) 0;

            // ---- containers
            /// `R[a] = (R[b], …, R[b+c-1])`.
            BuildTuple "build_tuple" (w, base, u) 0;
            /// `R[a] = [R[b], …, R[b+c-1]]`.
            BuildList "build_list" (w, base, u) 0;
            /// `R[a] = {R[b], …, R[b+c-1]}`; the empty set if `c` is 0.
            BuildSet "build_set" (w, base, u) 0;
            /// `R[a] = {R[b]: R[b+1], …}` with `c` pairs.
            BuildMap "build_map" (w, base, u) 0;
            /// `R[a] =` concatenation of the strings `R[b] … R[b+c-1]`.
            BuildString "build_string" (w, base, u) 0;
            /// `R[a].append(R[b])` on an exact list that the code built.
            ListAppend "list_append" (r, r, None) 0;
            /// `R[a].extend(R[b])`; the error names the unpacked value if it is not iterable.
            ListExtend "list_extend" (r, r, None) 0;
            /// `R[a].add(R[b])` on a set that the code built.
            SetAdd "set_add" (r, r, None) 0;
            /// `R[a].update(R[b])` on a set that the code built.
            SetUpdate "set_update" (r, r, None) 0;
            /// `R[a][R[b]] = R[c]` on a dict that the code built.
            MapAdd "map_add" (r, r, r) 0;
            /// `R[a].update(R[b])` for a dict display; TypeError if it is no mapping.
            DictUpdate "dict_update" (r, r, None) 0;
            /// Merges `R[b]` into the keyword dict `R[a]` of a call to `R[c]`; TypeError on a duplicate.
            DictMerge "dict_merge" (r, r, r) 0;
            /// `R[a] = tuple(R[b])` for an exact list that the code built.
            ListToTuple "list_to_tuple" (w, r, None) 0;
            /// Unpacks `R[b]` into exactly `c` registers `R[a] ..`, which may be locals or hold `R[b]`: writes nothing if it fails.
            UnpackSequence "unpack_sequence" (base, r, u) 0;
            /// Unpacks `R[b]` into `c & 0xff` registers, a list, and `c >> 8` registers, from `R[a]` on; writes nothing if it fails.
            UnpackEx "unpack_ex" (base, r, u) 0;
            /// `R[a] = conv(R[b])`: `c` is 1 for str, 2 for repr, 3 for ascii.
            ConvertValue "convert_value" (w, r, u) 0;
            /// `R[a] = format(R[b])` with an empty specification.
            FormatSimple "format_simple" (w, r, None) 0;
            /// `R[a] = format(R[b], R[c])`.
            FormatWithSpec "format_with_spec" (w, r, r) 0;
            /// `R[a] = Interpolation(R[b], R[b+1], conv, R[b+2])`: value, expression text, conversion `c & 3` as in
            /// `ConvertValue` (0: None), specification (if `c & 4`, else "").
            BuildInterpolation "build_interpolation" (w, base, u) 0;
            /// `R[a] = Template(R[b], R[c])`: tuple of strings, tuple of interpolations.
            BuildTemplate "build_template" (w, r, r) 0;

            // ---- calls and functions
            /// Calls `R[a]` with `b` positional arguments from `R[a+5]` on.
            Call "call" (base, u, None) 1;
            /// Calls what `LoadMethod` prepared at `R[a]` with `b` arguments (the object not counted) from
            /// `R[a+6]` on.
            CallMethod "call_method" (base, u, None) 1;
            /// As `Call` with `b` arguments in all, of which the last are keywords named by the tuple `K[c]`.
            CallKw "call_kw" (base, u, k) 1;
            /// As `CallMethod` with `b` arguments in all, of which the last are keywords named by `K[c]`.
            CallMethodKw "call_method_kw" (base, u, k) 1;
            /// Calls `R[a]` with the iterable `R[a+5]` as positional arguments and, unless it is unbound,
            /// the mapping `R[a+6]` as keyword arguments.
            CallEx "call_ex" (base, None, None) 0;
            /// Returns `R[a]`.
            Return "return" (r, None, None) 0;
            /// Returns None.
            ReturnNone "return_none" (None, None, None) 0;
            /// `R[a] =` function of the code object `K[bx]`.
            MakeFunction "make_function" (w, kx, None) 0;
            /// Sets attribute [`FnAttr`] `c` of the new function `R[a]` to `R[b]`.
            SetFunctionAttr "set_function_attr" (r, r, u) 0;
            /// `R[a] =` import of `N[c]` with fromlist `R[b]` and level `R[b+1]`.
            ImportName "import_name" (w, base, n) 0;
            /// `R[a] = from R[b] import N[c]`.
            ImportFrom "import_from" (w, r, n) 0;

            // ---- exceptions
            /// Raises `R[a]`.
            Raise "raise" (r, None, None) 0;
            /// Raises `R[a]` from `R[b]`.
            RaiseFrom "raise_from" (r, r, None) 0;
            /// `raise` alone: raises the exception being handled, RuntimeError if there is none.
            RaiseBare "raise_bare" (None, None, None) 0;
            /// Raises the exception object `R[a]` again, its traceback and context untouched; with `b` = 1 it leaves the
            /// frame where it was raised at first, else here.
            Reraise "reraise" (r, u, None) 0;
            /// `R[a] =` exception being handled (or None); `R[b]` is being handled from here on.
            PushExc "push_exc" (w, r, None) 0;
            /// The exception being handled is again `R[a]`.
            PopExc "pop_exc" (r, None, None) 0;
            /// `R[a] =` whether exception `R[b]` matches `R[c]`, a class or a tuple of classes.
            CheckExcMatch "check_exc_match" (w, r, r) 0;
            /// Splits `R[b]` (exception, group or None) by `R[c]`: `R[a] =` the matching group or None, `R[b] =` the rest or None.
            CheckEgMatch "check_eg_match" (w, rw, r) 0;
            /// `R[a] =` what `except*` has to raise in the end, or None: `R[b]` is the exception caught, `R[c]` the
            /// list of exceptions raised by the clauses and of the unmatched rest.
            PrepReraiseStar "prep_reraise_star" (w, r, r) 0;
            /// Prepares a call of special method [`Special`] `c` of `R[b]` at `R[a]`, laid out as `LoadMethod` does.
            LoadSpecial "load_special" (base, r, u) 0;

            // ---- generators and coroutines
            /// Makes the generator, coroutine or asynchronous generator of this frame and returns it. Stands after `CopyFreeVars`
            /// and the `MakeCell`s of the parameters.
            ReturnGenerator "return_generator" (None, None, None) 0;
            /// Yields `R[b]`; on resumption `R[a]` is the value sent. Registers from `c` on are dead.
            Yield "yield" (w, r, u) 0;
            /// Delegates to the iterator `R[b]`, first sending `R[c]` (None at first): as long as it yields, so does this frame; in the
            /// end `R[a]` is its result. Suspends on itself: resumption puts the value sent into `R[c]` and runs it again. Registers behind
            /// `R[c]` are dead.
            YieldFrom "yield_from" (w, r, rw) 0;
            /// `R[a] =` iterator of `R[b]` for `yield from`.
            GetYieldFromIter "get_yield_from_iter" (w, r, None) 0;
            /// `R[a] =` iterator of the awaitable `R[b]`; `c` tells whose it is, for the message: 0 `await`, 1 `__aenter__`, 2 `__aexit__`.
            GetAwaitable "get_awaitable" (w, r, u) 0;
            /// `R[a] = R[b].__aiter__()`, checked.
            GetAIter "get_aiter" (w, r, None) 0;
            /// `R[a] =` iterator of the awaitable `R[b].__anext__()`.
            GetANext "get_anext" (w, r, None) 0;
            /// Ends `async for`: goes on if `R[a]` is a StopAsyncIteration, else raises it again.
            EndAsyncFor "end_async_for" (r, None, None) 0;

            // ---- match
            /// `R[a] =` tuple of the attributes that match, or None: subject `R[b]`, class `R[b+1]`, tuple of keyword names
            /// `R[b+2]`, `c` positional patterns.
            MatchClass "match_class" (w, base, u) 0;
            /// `R[a] =` whether `R[b]` is a mapping.
            MatchMapping "match_mapping" (w, r, None) 0;
            /// `R[a] =` whether `R[b]` is a sequence.
            MatchSequence "match_sequence" (w, r, None) 0;
            /// `R[a] =` tuple of the values of mapping `R[b]` at the keys of tuple `R[c]`, or None if one is missing.
            MatchKeys "match_keys" (w, r, r) 0;
            /// `R[a] =` dict of mapping `R[b]` without the keys of tuple `R[c]`.
            MatchRest "match_rest" (w, r, r) 0;
            /// `R[a] = len(R[b])`.
            GetLen "get_len" (w, r, None) 0;

            // ---- rare things
            /// `R[a] =` [`Intrinsic1`] `c` of `R[b]`.
            CallIntrinsic1 "call_intrinsic_1" (w, r, u) 0;
            /// `R[a] =` [`Intrinsic2`] `c` of `R[b]`, `R[b+1]`.
            CallIntrinsic2 "call_intrinsic_2" (w, base, u) 0;
        }
    };
}

/// Facts about an opcode.
#[derive(Clone, Copy, Debug)]
pub struct OpInfo {
    /// Name in disassemblies.
    pub mnemonic: &'static str,
    /// Meaning of `a`, `b`, `c`.
    pub operands: [Operand; 3],
    /// Cache words that follow.
    pub caches: usize,
}

macro_rules! define_ops {
    ($($(#[$doc:meta])* $name:ident $mnemonic:literal ($a:ident, $b:ident, $c:ident) $caches:literal;)*) => {
        /// An opcode.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Op {
            $($(#[$doc])* $name,)*
        }

        /// All opcodes in numeric order.
        pub const ALL_OPS: &[Op] = &[$(Op::$name,)*];

        impl Op {
            /// Facts about the opcode.
            pub const fn info(self) -> OpInfo {
                match self {
                    $(Op::$name => OpInfo {
                        mnemonic: $mnemonic,
                        operands: [Operand::$a, Operand::$b, Operand::$c],
                        caches: $caches,
                    },)*
                }
            }
        }
    };
}

for_each_op!(define_ops);

/// A number that changes with the instruction set: FNV-1a over every opcode's name, operands and cache words. Code on disk that was
/// made for another one is told by it.
pub const fn fingerprint() -> u32 {
    const fn mix(h: u32, byte: u8) -> u32 {
        (h ^ byte as u32).wrapping_mul(0x0100_0193)
    }
    let mut h = 0x811c_9dc5;
    let mut i = 0;
    while i < ALL_OPS.len() {
        let info = ALL_OPS[i].info();
        let name = info.mnemonic.as_bytes();
        let mut j = 0;
        while j < name.len() {
            h = mix(h, name[j]);
            j += 1;
        }
        let mut j = 0;
        while j < info.operands.len() {
            h = mix(h, info.operands[j] as u8);
            j += 1;
        }
        h = mix(h, info.caches as u8);
        i += 1;
    }
    h
}

impl Op {
    /// The opcode of a number, or `None`.
    pub fn from_u16(n: u16) -> Option<Op> {
        ALL_OPS.get(usize::from(n)).copied()
    }
}

/// Bit of the opcode field, above all opcodes: the running interpreter tells tools before it executes the instruction. Compiled
/// code has it nowhere.
pub const WATCHED: u16 = 0x200;

const _: () = assert!(ALL_OPS.len() + 2 < WATCHED as usize);

/// One instruction word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Instr(pub u64);

impl Instr {
    /// An instruction with three 16-bit operands.
    pub const fn abc(op: Op, a: u16, b: u16, c: u16) -> Instr {
        Instr(op as u64 | (a as u64) << 16 | (b as u64) << 32 | (c as u64) << 48)
    }

    /// An instruction with one 16-bit and one 32-bit operand.
    pub const fn abx(op: Op, a: u16, bx: u32) -> Instr {
        Instr(op as u64 | (a as u64) << 16 | (bx as u64) << 32)
    }

    /// The opcode's number.
    #[inline(always)]
    pub const fn op_number(self) -> u16 {
        self.0 as u16 & !WATCHED
    }

    /// Whether a tool watches the instruction.
    #[inline(always)]
    pub const fn is_watched(self) -> bool {
        self.0 as u16 & WATCHED != 0
    }

    /// The instruction as if no tool watched it.
    #[inline(always)]
    pub const fn unwatched(self) -> Instr {
        Instr(self.0 & !(WATCHED as u64))
    }

    /// Operand `a`.
    #[inline(always)]
    pub const fn a(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// Operand `b`.
    #[inline(always)]
    pub const fn b(self) -> u16 {
        (self.0 >> 32) as u16
    }

    /// Operand `c`.
    #[inline(always)]
    pub const fn c(self) -> u16 {
        (self.0 >> 48) as u16
    }

    /// Operands `b` and `c` as one.
    #[inline(always)]
    pub const fn bx(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

macro_rules! numbered {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $n:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u16)]
        pub enum $name {
            $($(#[$doc])* $variant = $n,)*
        }

        impl $name {
            /// The variant of a number, or `None`.
            pub fn from_u16(n: u16) -> Option<$name> {
                match n {
                    $($n => Some($name::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

numbered! {
    /// Objects that compiled code needs whatever their names are bound to.
    CommonConst {
        /// `AssertionError`
        AssertionError = 0,
        /// `NotImplementedError`
        NotImplementedError = 1,
        /// `builtins.__build_class__` as found in the frame's builtins.
        BuildClass = 2,
        /// The module `typing`'s `Generic`, from `_typing`.
        Generic = 3,
        /// `tuple`
        Tuple = 4,
        /// `all`
        All = 5,
        /// `any`
        Any = 6,
    }
}

numbered! {
    /// What `SetFunctionAttr` sets.
    FnAttr {
        /// Tuple of positional defaults.
        Defaults = 0,
        /// Dict of keyword-only defaults.
        KwDefaults = 1,
        /// Dict of annotations (`from __future__ import annotations`).
        Annotations = 2,
        /// Tuple of cells.
        Closure = 3,
        /// The `__annotate__` function.
        Annotate = 4,
        /// Tuple of type parameters.
        TypeParams = 5,
    }
}

numbered! {
    /// Special methods that statements call, looked up on the type.
    Special {
        /// `__enter__`
        Enter = 0,
        /// `__exit__`
        Exit = 1,
        /// `__aenter__`
        AEnter = 2,
        /// `__aexit__`
        AExit = 3,
    }
}

numbered! {
    /// Rare operations of one operand.
    Intrinsic1 {
        /// `sys.displayhook(x)`, for interactive code.
        Print = 0,
        /// `from x import *` into the frame's namespace.
        ImportStar = 1,
        /// Wraps the value that an asynchronous generator yields.
        AsyncGenWrap = 2,
        /// A `TypeVar` of that name.
        TypeVar = 3,
        /// A `ParamSpec` of that name.
        ParamSpec = 4,
        /// A `TypeVarTuple` of that name.
        TypeVarTuple = 5,
        /// `Generic[x]` for the tuple of type parameters x.
        SubscriptGeneric = 6,
        /// A `TypeAliasType` of the tuple (name, type parameters or None, function that computes the value).
        TypeAlias = 7,
        /// Unpacks a TypeVarTuple in a subscript or annotation (`*Ts`): the only item of iter(x).
        UnpackStar = 8,
        /// The type of exception x, whatever its `__class__` says.
        ExcType = 9,
        /// The traceback of exception x or None, whatever its class makes of `__traceback__`.
        ExcTraceback = 10,
    }
}

numbered! {
    /// Rare operations of two operands.
    Intrinsic2 {
        /// A `TypeVar` of name x with lazy bound y.
        TypeVarWithBound = 0,
        /// A `TypeVar` of name x with lazy constraints y.
        TypeVarWithConstraints = 1,
        /// Gives type parameter x the lazy default y; the result is x.
        SetTypeParamDefault = 2,
        /// Gives function x the type parameters y; the result is x.
        SetFunctionTypeParams = 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_round_trip() {
        let i = Instr::abc(Op::Add, 1, 0xffff, 3);
        assert_eq!((i.op_number(), i.a(), i.b(), i.c()), (Op::Add as u16, 1, 0xffff, 3));
        assert_eq!(Instr::abx(Op::Jump, 0, 0xdead_beef).bx(), 0xdead_beef);
    }

    #[test]
    fn numbers_are_dense() {
        for (n, op) in ALL_OPS.iter().enumerate() {
            assert_eq!(*op as usize, n);
        }
    }
}
