//! `posix_spawn` and `posix_spawnp`.

use super::process::{arguments, environment, is_mapping};
use super::state::sched_priority;
use crate::support::{fs_name, int, path, sequence, truth, unsigned};
use crate::sys::{self, CStrings, SpawnAction, SpawnAttr};
use protopy_vm::protocore::layouts::{ListObj, MethodDef, TupleObj};
use protopy_vm::protocore::{Ctx, PyResult, Value};
use protopy_vm::{audit, methods};

pub(super) static FUNCTIONS: &[MethodDef] = methods![functions:
    /// Starts a program in a new process; its id.
    "posix_spawn(path, argv, env, /, *, file_actions=(), setpgroup=None, resetids=False, setsid=False, setsigmask=(), setsigdef=(), scheduler=None)"
        => posix_spawn;
    /// As posix_spawn(), looking the program up in PATH.
    "posix_spawnp(path, argv, env, /, *, file_actions=(), setpgroup=None, resetids=False, setsid=False, setsigmask=(), setsigdef=(), scheduler=None)"
        => posix_spawnp;
];

fn posix_spawn(cx: &mut Ctx, a: &[Value]) -> PyResult {
    spawn(cx, a, "posix_spawn", false)
}

fn posix_spawnp(cx: &mut Ctx, a: &[Value]) -> PyResult {
    spawn(cx, a, "posix_spawnp", true)
}

fn spawn(cx: &mut Ctx, a: &[Value], func: &str, search: bool) -> PyResult {
    let p = path(cx, a[0], func, "path")?;
    if ListObj::of(a[1]).is_none() && TupleObj::of(a[1]).is_none() {
        return Err(cx.type_error(&format!("{func}: argv must be a tuple or list")));
    }
    if !a[2].is_none() && !is_mapping(cx, a[2]) {
        let msg = format!("{func}: environment must be a mapping object or None");
        return Err(cx.type_error(&msg));
    }
    let argv = arguments(cx, a[1], &format!("{func}: argv"))?;
    let env = match a[2].not_none() {
        Some(e) => environment(cx, e)?,
        None => {
            let mut all = Vec::new();
            for e in sys::environ() {
                all.push(crate::support::c_string(cx, e)?);
            }
            CStrings::new(all)
        }
    };
    let actions = match a[3].not_none() {
        Some(v) => file_actions(cx, v)?,
        None => Vec::new(),
    };
    let attr = attributes(cx, a, func)?;
    audit(cx, "os.posix_spawn", &[p.object, a[1], a[2]])?;
    match cx.blocking(|| sys::spawn(p.c(), search, &actions, &attr, &argv, &env)) {
        Ok(pid) => Ok(cx.int(i64::from(pid))),
        Err(e) => Err(p.error(cx, e)),
    }
}

fn attributes(cx: &mut Ctx, a: &[Value], func: &str) -> PyResult<SpawnAttr> {
    let mut attr = SpawnAttr::default();
    if let Some(v) = a[4].not_none() {
        attr.pgroup = Some(int(cx, v)?);
    }
    attr.resetids = truth(cx, a[5])?;
    attr.setsid = truth(cx, a[6])?;
    if let Some(v) = a[7].bound() {
        attr.sigmask = Some(crate::signal::signal_set(cx, v)?);
    }
    if let Some(v) = a[8].bound() {
        attr.sigdefault = Some(crate::signal::signal_set(cx, v)?);
    }
    if let Some(v) = a[9].not_none() {
        let Some([policy, param]) = TupleObj::of(v).map(|t| t.items()) else {
            return Err(cx.type_error(&format!("{func}: scheduler must be a tuple or None")));
        };
        let policy = if policy.is_none() { None } else { Some(int(cx, *policy)?) };
        attr.scheduler = Some((policy, sched_priority(cx, *param)?));
    }
    Ok(attr)
}

fn file_actions(cx: &mut Ctx, v: Value) -> PyResult<Vec<SpawnAction>> {
    let items = sequence(cx, v, "file_actions must be a sequence or None")?;
    let mut out = Vec::with_capacity(items.len());
    for i in 0..items.len() {
        let Some(v) = items.get(i) else { break };
        let Some([tag, rest @ ..]) = TupleObj::of(v).map(|t| t.items()) else {
            return Err(cx.type_error("Each file_actions element must be a non-empty tuple"));
        };
        let tag = int(cx, *tag)?;
        let action = match (tag, rest) {
            (0, [fd, path, flags, mode]) => {
                let (fd, path) = (int(cx, *fd)?, fs_name(cx, *path)?);
                SpawnAction::Open(fd, path, int(cx, *flags)?, unsigned(cx, *mode)?)
            }
            (0, _) => return Err(cx.type_error("A open file_action tuple must have 5 elements")),
            (1, [fd]) => SpawnAction::Close(int(cx, *fd)?),
            (1, _) => return Err(cx.type_error("A close file_action tuple must have 2 elements")),
            (2, [a, b]) => SpawnAction::Dup2(int(cx, *a)?, int(cx, *b)?),
            (2, _) => return Err(cx.type_error("A dup2 file_action tuple must have 3 elements")),
            (3, [fd]) => SpawnAction::CloseFrom(int(cx, *fd)?),
            (3, _) => return Err(cx.type_error("A closefrom file_action tuple must have 2 elements")),
            _ => return Err(cx.type_error("Unknown file_actions identifier")),
        };
        out.push(action);
    }
    Ok(out)
}
