//! Runs a Python file with the module `_io` and nothing else: for trying streams without the import system.
use protopy_builtins::{startup, sysmod};
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::{Ctx, PyResult, Root, Value};

fn go(cx: &mut Ctx, config: &sysmod::Config, text: &str, file: &str) -> PyResult<()> {
    startup::init_core(cx, config, &[protopy_mod_io::MODULES])?;
    let io = protopy_vm::modules::load_builtin(cx, "_io")?;
    if let Some(all) = DictObj::of(cx.root(Root::Modules)) {
        for n in ["_io", "io"] {
            let n = cx.intern_str(n);
            protopy_vm::dict_set(cx, all, n, io)?;
        }
    }
    let open = protopy_vm::get_attr_str(cx, io, "open")?;
    let m = cx.str("w");
    let out = protopy_vm::call(cx, open, &[Value::small(1), m])?;
    protopy_vm::errors::set_sys(cx, "stdout", out);
    let g = cx.dict();
    if let Some(d) = DictObj::of(g) {
        let b = cx.root(Root::BuiltinsModule);
        let sys = cx.root(Root::SysModule);
        for (n, v) in [("__builtins__", b), ("io", io), ("_io", io), ("open", open), ("sys", sys)] {
            let n = cx.intern_str(n);
            protopy_vm::dict_set(cx, d, n, v)?;
        }
    }
    let r = protopy_vm::compile::run_source(cx, text, file, g).map(|_| ());
    protopy_vm::call_method(cx, out, "flush", &[])?;
    r
}

fn main() {
    let file = std::env::args().nth(1).expect("a file");
    let text = std::fs::read_to_string(&file).expect("readable");
    let config = sysmod::Config::default();
    let mut cx = startup::new_space(&config).expect("memory");
    if let Err(r) = go(&mut cx, &config, &text, &file) {
        let e = cx.take_raised(r);
        sysmod::plain_exception(&mut cx, e);
        std::process::exit(1);
    }
}
