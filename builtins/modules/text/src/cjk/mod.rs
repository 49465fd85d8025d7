//! `_multibytecodec` and `_codecs_jp`, `_codecs_cn`, `_codecs_tw`, `_codecs_hk`, `_codecs_kr`, `_codecs_iso2022`: the encodings of
//! East Asia, tables of which hold exactly what CPython's do.

mod coder;
mod iso2022;
mod run;
mod stateful;
mod table;

use self::coder::Coder;
use self::run::Codec;
use self::table::Tables;
use protopy_vm::protocore::layouts::{MethodDef, StrObj};
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::type_flags;
use protopy_vm::protocore::{Ctx, Layout, NativeLayout, PyResult, Slot, Tracer, Ty, TypeObj, Value};
use protopy_vm::types::create_type;
use protopy_vm::{self as vm, ModuleSpec, TypeSpec, methods};

#[derive(Default)]
struct Types {
    codec: Slot,
    stateful: [Slot; 4],
}

impl SpaceState for Types {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.codec);
        t.slots(&self.stateful);
    }
}

static CODEC: TypeSpec = TypeSpec {
    name: "MultibyteCodec",
    module: "_multibytecodec",
    layout: Layout::Native,
    vt: Some(<Codec as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    methods: METHODS,
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// The bytes of a str, and its length.
    "encode(self, /, input, errors=None)" => |cx, a| {
        let codec = this(cx, a[0])?;
        let errors = errors_name(cx, a[2], "encode")?;
        let text = if StrObj::of(a[1]).is_some() { a[1] } else { vm::str(cx, a[1])? };
        let mut state = codec.coder.start();
        let (bytes, _) = codec.encode(cx, text, &errors, &mut state, true)?;
        let (bytes, n) = (cx.bytes(&bytes)?, StrObj::of(text).map_or(0, StrObj::len));
        let n = cx.int_usize(n);
        cx.tuple_of(None, &[bytes, n])
    };
    /// The text of some bytes, and how many they are.
    "decode(self, /, input, errors=None)" => |cx, a| {
        let codec = this(cx, a[0])?;
        let errors = errors_name(cx, a[2], "decode")?;
        let data = vm::bytes_like(cx, a[1])?;
        let mut state = codec.coder.start();
        let (text, _) = codec.decode(cx, &data, &errors, &mut state, true)?;
        let (text, n) = (cx.str_buf(text)?, cx.int_usize(data.len()));
        cx.tuple_of(None, &[text, n])
    };
];

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static Codec> {
    match v.native::<Codec>() {
        Some(c) => Ok(c),
        None => Err(cx.type_error("not a codec")),
    }
}

fn errors_name(cx: &mut Ctx, v: Value, function: &str) -> PyResult<String> {
    match (v.not_none(), StrObj::of(v)) {
        (None, _) => Ok("strict".to_owned()),
        (_, Some(s)) => Ok(s.to_string_lossy()),
        _ => {
            let name = vm::tp_name(cx, v);
            let msg = format!("{function}() argument 'errors' must be str or None, not {name}");
            Err(cx.type_error(&msg))
        }
    }
}

/// The types, made when the first module asks for them.
fn types(cx: &mut Ctx) -> PyResult<std::sync::Arc<Types>> {
    let types = cx.space().state::<Types>();
    if types.codec.get().is_none() {
        let t = create_type(cx, &CODEC)?;
        types.codec.init(Some(t));
        for (spec, slot) in stateful::specs() {
            let t = create_type(cx, spec)?;
            slot(&types).init(Some(t));
        }
    }
    Ok(types)
}

/// `_multibytecodec`
pub static MULTIBYTE: ModuleSpec = ModuleSpec {
    name: "_multibytecodec",
    doc: "",
    functions: methods![functions:
        /// Makes a codec of a C module's description; there are no such modules here.
        "__create_codec(arg, /)" => |cx, _| Err(cx.value_error("argument type invalid"));
    ],
    init: Some(|cx, module| {
        let types = types(cx)?;
        for (spec, slot) in stateful::specs() {
            vm::set_attr_str(cx, module, spec.name, slot(&types).get_or_none())?;
        }
        Ok(())
    }),
};

fn codec_of(cx: &mut Ctx, name: Value, names: &[&'static str]) -> PyResult {
    let Some(s) = StrObj::of(name) else { return Err(cx.type_error("encoding name must be a string.")) };
    let tables = cx.space().state::<Tables>();
    let name = names.iter().copied().find(|n| s.eq_str(n));
    let Some((name, coder)) = name.and_then(|n| Some((n, Coder::new(&tables, n)?))) else {
        return Err(cx.raise_str(Ty::LookupError, "no such codec is supported."));
    };
    let types = types(cx)?;
    match types.codec.get().and_then(TypeObj::of) {
        Some(t) => Ok(cx.new_native(t, Codec { name, coder })),
        None => Err(cx.raise_str(Ty::SystemError, "_multibytecodec is not initialised")),
    }
}

macro_rules! families {
    ($($static_:ident, $module:literal, [$($name:literal),*];)*) => {$(
        #[doc = concat!("`", $module, "`")]
        pub static $static_: ModuleSpec = ModuleSpec {
            name: $module,
            doc: "",
            functions: methods![functions:
                /// The codec of that name.
                "getcodec(encoding, /)" => |cx, a| codec_of(cx, a[0], &[$($name),*]);
            ],
            init: None,
        };
    )*};
}

families! {
    JAPAN, "_codecs_jp", [
        "shift_jis", "cp932", "euc_jp", "shift_jis_2004", "euc_jis_2004", "euc_jisx0213", "shift_jisx0213"
    ];
    CHINA, "_codecs_cn", ["gb2312", "gbk", "gb18030", "hz"];
    TAIWAN, "_codecs_tw", ["big5", "cp950"];
    HONG_KONG, "_codecs_hk", ["big5hkscs"];
    KOREA, "_codecs_kr", ["euc_kr", "cp949", "johab"];
    ISO2022, "_codecs_iso2022", [
        "iso2022_kr", "iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_jp_2004", "iso2022_jp_3",
        "iso2022_jp_ext"
    ];
}
