//! The node classes: one row each, from which the classes, their documentation, constructors, and the checks of the
//! conversion to the compiler's tree derive.
//!
//! A row is `Variant "python name" < Base [attributes] (fields)`; a field is its name, a quantity and a type: `.` one, `?` an
//! optional one, `*` a list, `&` a list whose items may be None.

/// Type of a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldType {
    /// A name: str.
    Identifier,
    /// A str.
    Str,
    /// An int.
    Int,
    /// Any constant.
    Constant,
    /// A node of this class.
    Node(Node),
}

/// How many values a field holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quantity {
    /// One.
    One,
    /// One or None.
    Optional,
    /// A list.
    Many,
    /// A list whose items may be None.
    ManyOptional,
}

/// A field of a node class.
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// How many values it holds.
    pub quantity: Quantity,
    /// Their type.
    pub ty: FieldType,
}

/// The attributes of a class that tell where its nodes stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attributes {
    /// None, and those of the base class are kept.
    Inherited,
    /// None.
    Empty,
    /// All four, none of them optional.
    Four,
    /// All four, the end optional.
    OpenEnd,
}

/// A node class.
pub struct NodeDef {
    /// Name of the class.
    pub name: &'static str,
    /// Its base; `None` is `AST`.
    pub base: Option<Node>,
    /// Whether it is an alternative of its base or a sum of alternatives, not a class of its own shape.
    pub attributes: Attributes,
    /// Its fields.
    pub fields: &'static [Field],
    /// Position of its first field among those of all classes.
    pub first_field: usize,
}

/// Names of the attributes.
pub const ATTRIBUTES: [&str; 4] = ["lineno", "col_offset", "end_lineno", "end_col_offset"];

macro_rules! field_type {
    (identifier) => {
        FieldType::Identifier
    };
    (string) => {
        FieldType::Str
    };
    (int) => {
        FieldType::Int
    };
    (constant) => {
        FieldType::Constant
    };
    ($n:ident) => {
        FieldType::Node(Node::$n)
    };
}

macro_rules! quantity {
    (.) => {
        Quantity::One
    };
    (?) => {
        Quantity::Optional
    };
    (*) => {
        Quantity::Many
    };
    (&) => {
        Quantity::ManyOptional
    };
}

macro_rules! base {
    (AST) => {
        None
    };
    ($n:ident) => {
        Some(Node::$n)
    };
}

macro_rules! nodes {
    ($($id:ident $name:literal < $base:ident $attrs:ident ($($f:ident $q:tt $ty:ident)*);)*) => {
        /// A node class.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        #[allow(missing_docs)]
        pub enum Node { $($id,)* }

        const ROWS: [NodeDef; NODES] = [$(NodeDef {
            name: $name,
            base: base!($base),
            attributes: Attributes::$attrs,
            fields: &[$(Field { name: stringify!($f), quantity: quantity!($q), ty: field_type!($ty) },)*],
            first_field: 0,
        },)*];

        /// Number of node classes.
        pub const NODES: usize = [$($name,)*].len();

        /// All node classes in order.
        pub const ALL: [Node; NODES] = [$(Node::$id,)*];
    };
}

nodes! {
    Mod "mod" < AST Empty ();
    Module "Module" < Mod Inherited (body*Stmt type_ignores*TypeIgnoreBase);
    Interactive "Interactive" < Mod Inherited (body*Stmt);
    Expression "Expression" < Mod Inherited (body.Expr);
    FunctionType "FunctionType" < Mod Inherited (argtypes*Expr returns.Expr);
    Stmt "stmt" < AST OpenEnd ();
    FunctionDef "FunctionDef" < Stmt Inherited (name.identifier args.Arguments body*Stmt decorator_list*Expr returns?Expr
        type_comment?string type_params*TypeParam);
    AsyncFunctionDef "AsyncFunctionDef" < Stmt Inherited (name.identifier args.Arguments body*Stmt decorator_list*Expr
        returns?Expr type_comment?string type_params*TypeParam);
    ClassDef "ClassDef" < Stmt Inherited (name.identifier bases*Expr keywords*Keyword body*Stmt decorator_list*Expr
        type_params*TypeParam);
    Return "Return" < Stmt Inherited (value?Expr);
    Delete "Delete" < Stmt Inherited (targets*Expr);
    Assign "Assign" < Stmt Inherited (targets*Expr value.Expr type_comment?string);
    TypeAlias "TypeAlias" < Stmt Inherited (name.Expr type_params*TypeParam value.Expr);
    AugAssign "AugAssign" < Stmt Inherited (target.Expr op.Operator value.Expr);
    AnnAssign "AnnAssign" < Stmt Inherited (target.Expr annotation.Expr value?Expr simple.int);
    For "For" < Stmt Inherited (target.Expr iter.Expr body*Stmt orelse*Stmt type_comment?string);
    AsyncFor "AsyncFor" < Stmt Inherited (target.Expr iter.Expr body*Stmt orelse*Stmt type_comment?string);
    While "While" < Stmt Inherited (test.Expr body*Stmt orelse*Stmt);
    If "If" < Stmt Inherited (test.Expr body*Stmt orelse*Stmt);
    With "With" < Stmt Inherited (items*WithItem body*Stmt type_comment?string);
    AsyncWith "AsyncWith" < Stmt Inherited (items*WithItem body*Stmt type_comment?string);
    Match "Match" < Stmt Inherited (subject.Expr cases*MatchCase);
    Raise "Raise" < Stmt Inherited (exc?Expr cause?Expr);
    Try "Try" < Stmt Inherited (body*Stmt handlers*ExceptHandlerBase orelse*Stmt finalbody*Stmt);
    TryStar "TryStar" < Stmt Inherited (body*Stmt handlers*ExceptHandlerBase orelse*Stmt finalbody*Stmt);
    Assert "Assert" < Stmt Inherited (test.Expr msg?Expr);
    Import "Import" < Stmt Inherited (names*Alias);
    ImportFrom "ImportFrom" < Stmt Inherited (module?identifier names*Alias level?int);
    Global "Global" < Stmt Inherited (names*identifier);
    Nonlocal "Nonlocal" < Stmt Inherited (names*identifier);
    ExprStmt "Expr" < Stmt Inherited (value.Expr);
    Pass "Pass" < Stmt Inherited ();
    Break "Break" < Stmt Inherited ();
    Continue "Continue" < Stmt Inherited ();
    Expr "expr" < AST OpenEnd ();
    BoolOp "BoolOp" < Expr Inherited (op.BoolOperator values*Expr);
    NamedExpr "NamedExpr" < Expr Inherited (target.Expr value.Expr);
    BinOp "BinOp" < Expr Inherited (left.Expr op.Operator right.Expr);
    UnaryOp "UnaryOp" < Expr Inherited (op.UnaryOperator operand.Expr);
    Lambda "Lambda" < Expr Inherited (args.Arguments body.Expr);
    IfExp "IfExp" < Expr Inherited (test.Expr body.Expr orelse.Expr);
    Dict "Dict" < Expr Inherited (keys&Expr values*Expr);
    Set "Set" < Expr Inherited (elts*Expr);
    ListComp "ListComp" < Expr Inherited (elt.Expr generators*Comprehension);
    SetComp "SetComp" < Expr Inherited (elt.Expr generators*Comprehension);
    DictComp "DictComp" < Expr Inherited (key.Expr value.Expr generators*Comprehension);
    GeneratorExp "GeneratorExp" < Expr Inherited (elt.Expr generators*Comprehension);
    Await "Await" < Expr Inherited (value.Expr);
    Yield "Yield" < Expr Inherited (value?Expr);
    YieldFrom "YieldFrom" < Expr Inherited (value.Expr);
    Compare "Compare" < Expr Inherited (left.Expr ops*CmpOperator comparators*Expr);
    Call "Call" < Expr Inherited (func.Expr args*Expr keywords*Keyword);
    FormattedValue "FormattedValue" < Expr Inherited (value.Expr conversion.int format_spec?Expr);
    Interpolation "Interpolation" < Expr Inherited (value.Expr str.constant conversion.int format_spec?Expr);
    JoinedStr "JoinedStr" < Expr Inherited (values*Expr);
    TemplateStr "TemplateStr" < Expr Inherited (values*Expr);
    Constant "Constant" < Expr Inherited (value.constant kind?string);
    Attribute "Attribute" < Expr Inherited (value.Expr attr.identifier ctx.ExprContext);
    Subscript "Subscript" < Expr Inherited (value.Expr slice.Expr ctx.ExprContext);
    Starred "Starred" < Expr Inherited (value.Expr ctx.ExprContext);
    Name "Name" < Expr Inherited (id.identifier ctx.ExprContext);
    List "List" < Expr Inherited (elts*Expr ctx.ExprContext);
    Tuple "Tuple" < Expr Inherited (elts*Expr ctx.ExprContext);
    Slice "Slice" < Expr Inherited (lower?Expr upper?Expr step?Expr);
    ExprContext "expr_context" < AST Empty ();
    Load "Load" < ExprContext Inherited ();
    Store "Store" < ExprContext Inherited ();
    Del "Del" < ExprContext Inherited ();
    BoolOperator "boolop" < AST Empty ();
    And "And" < BoolOperator Inherited ();
    Or "Or" < BoolOperator Inherited ();
    Operator "operator" < AST Empty ();
    Add "Add" < Operator Inherited ();
    Sub "Sub" < Operator Inherited ();
    Mult "Mult" < Operator Inherited ();
    MatMult "MatMult" < Operator Inherited ();
    Div "Div" < Operator Inherited ();
    Modulo "Mod" < Operator Inherited ();
    Pow "Pow" < Operator Inherited ();
    LShift "LShift" < Operator Inherited ();
    RShift "RShift" < Operator Inherited ();
    BitOr "BitOr" < Operator Inherited ();
    BitXor "BitXor" < Operator Inherited ();
    BitAnd "BitAnd" < Operator Inherited ();
    FloorDiv "FloorDiv" < Operator Inherited ();
    UnaryOperator "unaryop" < AST Empty ();
    Invert "Invert" < UnaryOperator Inherited ();
    Not "Not" < UnaryOperator Inherited ();
    UAdd "UAdd" < UnaryOperator Inherited ();
    USub "USub" < UnaryOperator Inherited ();
    CmpOperator "cmpop" < AST Empty ();
    Eq "Eq" < CmpOperator Inherited ();
    NotEq "NotEq" < CmpOperator Inherited ();
    Lt "Lt" < CmpOperator Inherited ();
    LtE "LtE" < CmpOperator Inherited ();
    Gt "Gt" < CmpOperator Inherited ();
    GtE "GtE" < CmpOperator Inherited ();
    Is "Is" < CmpOperator Inherited ();
    IsNot "IsNot" < CmpOperator Inherited ();
    In "In" < CmpOperator Inherited ();
    NotIn "NotIn" < CmpOperator Inherited ();
    Comprehension "comprehension" < AST Empty (target.Expr iter.Expr ifs*Expr is_async.int);
    ExceptHandlerBase "excepthandler" < AST OpenEnd ();
    ExceptHandler "ExceptHandler" < ExceptHandlerBase Inherited (type?Expr name?identifier body*Stmt);
    Arguments "arguments" < AST Empty (posonlyargs*Arg args*Arg vararg?Arg kwonlyargs*Arg kw_defaults&Expr kwarg?Arg
        defaults*Expr);
    Arg "arg" < AST OpenEnd (arg.identifier annotation?Expr type_comment?string);
    Keyword "keyword" < AST OpenEnd (arg?identifier value.Expr);
    Alias "alias" < AST OpenEnd (name.identifier asname?identifier);
    WithItem "withitem" < AST Empty (context_expr.Expr optional_vars?Expr);
    MatchCase "match_case" < AST Empty (pattern.Pattern guard?Expr body*Stmt);
    Pattern "pattern" < AST Four ();
    MatchValue "MatchValue" < Pattern Inherited (value.Expr);
    MatchSingleton "MatchSingleton" < Pattern Inherited (value.constant);
    MatchSequence "MatchSequence" < Pattern Inherited (patterns*Pattern);
    MatchMapping "MatchMapping" < Pattern Inherited (keys*Expr patterns*Pattern rest?identifier);
    MatchClass "MatchClass" < Pattern Inherited (cls.Expr patterns*Pattern kwd_attrs*identifier kwd_patterns*Pattern);
    MatchStar "MatchStar" < Pattern Inherited (name?identifier);
    MatchAs "MatchAs" < Pattern Inherited (pattern?Pattern name?identifier);
    MatchOr "MatchOr" < Pattern Inherited (patterns*Pattern);
    TypeIgnoreBase "type_ignore" < AST Empty ();
    TypeIgnore "TypeIgnore" < TypeIgnoreBase Inherited (lineno.int tag.string);
    TypeParam "type_param" < AST Four ();
    TypeVar "TypeVar" < TypeParam Inherited (name.identifier bound?Expr default_value?Expr);
    ParamSpec "ParamSpec" < TypeParam Inherited (name.identifier default_value?Expr);
    TypeVarTuple "TypeVarTuple" < TypeParam Inherited (name.identifier default_value?Expr);
}

/// The rows, each with the position of its first field.
pub static TABLE: [NodeDef; NODES] = {
    let mut rows = ROWS;
    let (mut i, mut at) = (0, 0);
    while i < NODES {
        rows[i].first_field = at;
        at += rows[i].fields.len();
        i += 1;
    }
    rows
};

/// Number of fields of all classes.
pub const FIELDS: usize = {
    let (mut i, mut at) = (0, 0);
    while i < NODES {
        at += ROWS[i].fields.len();
        i += 1;
    }
    at
};

impl FieldType {
    fn name(self) -> &'static str {
        match self {
            FieldType::Identifier => "identifier",
            FieldType::Str => "string",
            FieldType::Int => "int",
            FieldType::Constant => "constant",
            FieldType::Node(n) => n.def().name,
        }
    }
}

impl Quantity {
    /// What stands behind a type's name in a description.
    const fn suffix(self) -> &'static str {
        match self {
            Quantity::One => "",
            Quantity::Optional => "?",
            Quantity::Many => "*",
            Quantity::ManyOptional => "?*",
        }
    }
}

impl Node {
    /// The class's row.
    pub fn def(self) -> &'static NodeDef {
        &TABLE[self as usize]
    }

    /// The alternatives of a sum.
    pub fn alternatives(self) -> impl Iterator<Item = Node> {
        ALL.into_iter().filter(move |n| n.def().base == Some(self))
    }

    /// Whether nodes of this class have positions.
    pub fn positioned(self) -> bool {
        let def = self.def();
        match (def.attributes, def.base) {
            (Attributes::Inherited, Some(base)) => base.positioned(),
            (a, _) => matches!(a, Attributes::Four | Attributes::OpenEnd),
        }
    }

    /// `Name(type field, …)`.
    fn shape(self) -> String {
        let def = self.def();
        if def.fields.is_empty() {
            return def.name.to_owned();
        }
        let fields: Vec<String> =
            def.fields.iter().map(|f| format!("{}{} {}", f.ty.name(), f.quantity.suffix(), f.name)).collect();
        format!("{}({})", def.name, fields.join(", "))
    }

    /// The documentation of the class: its shape, or those of its alternatives.
    pub fn doc(self) -> String {
        let name = self.def().name;
        let all: Vec<String> = self.alternatives().map(Node::shape).collect();
        if all.is_empty() {
            return self.shape();
        }
        // Names of operators and contexts are short enough for one line.
        let plain = self.alternatives().all(|n| n.def().fields.is_empty());
        let separator = if plain { " | ".to_owned() } else { format!("\n{}| ", " ".repeat(name.len() + 1)) };
        format!("{name} = {}", all.join(&separator))
    }
}
