//! Improvements of assembled code: what a single pass of generation leaves behind.
//!
//! Jumps to jumps are threaded, a condition that skips a jump is inverted, code that nothing reaches and jumps to
//! what follows anyway disappear, and a jump to the implicit `return None` returns itself.
//!
//! Tracing sees lines: a jump that is a statement of its own (`break`, `continue`) must be executed, or debuggers would
//! not stop there. So a jump goes only if its line is that of what was executed before or comes after it.

use super::asm::{Ins, NO_LABEL, inverse, op_of};
use protopy_bytecode::{Instr, Op, Position};

/// Longest chain of jumps that is followed.
const MAX_THREADED: usize = 16;

/// Improves code, whose targets are indices, and the starts of its handlers. The line is that of the code object.
pub(super) fn run(code: &mut Vec<Ins>, handlers: &mut [u32], first_line: u32) {
    thread_jumps(code);
    let targeted = targets(code, handlers);
    invert_skips(code, &targeted);
    inherit(code, handlers);
    exit_blocks(code, handlers);
    exits(code, first_line);
    sweep(code, handlers);
}

fn is_jump(ins: &Ins) -> bool {
    ins.target != NO_LABEL && op_of(ins.word) == Op::Jump
}

fn ends(op: Op) -> bool {
    matches!(
        op,
        Op::Jump
            | Op::ForLoop
            | Op::Return
            | Op::ReturnNone
            | Op::Raise
            | Op::RaiseFrom
            | Op::RaiseBare
            | Op::Reraise
    )
}

fn line_at(code: &[Ins], at: usize) -> u32 {
    code.get(at).map_or(0, |i| i.position.line)
}

/// Lets jumps to jumps go to where those go.
fn thread_jumps(code: &mut [Ins]) {
    for i in 0..code.len() {
        let ins = code[i];
        if ins.target == NO_LABEL {
            continue;
        }
        // The exit of a loop stays a forward jump.
        let forward_only = op_of(ins.word) == Op::ForIter;
        if op_of(ins.word) == Op::ForLoop {
            continue;
        }
        let mut target = ins.target;
        for _ in 0..MAX_THREADED {
            let at = target as usize;
            let Some(next) = code.get(at) else { break };
            if !is_jump(next) || next.target == target || at == i {
                break;
            }
            let line = next.position.line;
            let unseen =
                line == 0 || line == ins.position.line || line == line_at(code, next.target as usize);
            if !unseen || (forward_only && next.target as usize <= i) {
                break;
            }
            target = next.target;
        }
        code[i].target = target;
    }
}

/// Which instructions are reached otherwise than from the one before.
fn targets(code: &[Ins], handlers: &[u32]) -> Vec<bool> {
    let mut targeted = vec![false; code.len() + 1];
    for at in code.iter().filter(|i| i.target != NO_LABEL).map(|i| i.target).chain(handlers.iter().copied()) {
        if let Some(t) = targeted.get_mut(at as usize) {
            *t = true;
        }
    }
    targeted
}

/// `if not c goto L1; goto L2; L1:` is `if c goto L2`.
fn invert_skips(code: &mut [Ins], targeted: &[bool]) {
    for i in 0..code.len().saturating_sub(1) {
        let (skip, jump) = (code[i], code[i + 1]);
        let op = op_of(skip.word);
        let line = jump.position.line;
        if skip.target as usize == i + 2
            && inverse(op) != op
            && is_jump(&jump)
            && !targeted[i + 1]
            && (line == 0 || line == skip.position.line)
        {
            let (a, b) = (skip.word.a(), skip.word.b());
            code[i].word = Instr::abc(inverse(op), a, b, 0);
            code[i].target = jump.target;
            code[i + 1].target = i as u32 + 2;
        }
    }
}

/// Instructions without a position have that of what leads to them, if all of it is on one line.
fn inherit(code: &mut [Ins], handlers: &[u32]) {
    let live = reachable(code, handlers);
    let mut entry = vec![false; code.len()];
    for h in handlers {
        if let Some(e) = entry.get_mut(*h as usize) {
            *e = true;
        }
    }
    let open = |code: &[Ins], i: usize| {
        live[i] && !entry[i] && code[i].position.line == 0 && op_of(code[i].word) != Op::ReturnNone
    };
    for _ in 0..MAX_THREADED {
        // What leads to each of them: nothing seen yet, one line, or several.
        let mut from: Vec<Option<Position>> = vec![None; code.len()];
        let mut mixed = vec![false; code.len()];
        let mut lead = |to: usize, p: Position| {
            let Some(f) = from.get_mut(to) else { return };
            match f {
                None => *f = Some(p),
                Some(q) if q.line == p.line => {}
                Some(_) => mixed[to] = true,
            }
        };
        for (i, ins) in code.iter().enumerate().filter(|(i, _)| live[*i]) {
            if ins.target != NO_LABEL {
                lead(ins.target as usize, ins.position);
            }
            if !ends(op_of(ins.word)) {
                lead(i + 1, ins.position);
            }
        }
        let mut changed = false;
        for i in 0..code.len() {
            if open(code, i)
                && !mixed[i]
                && let Some(p) = from[i]
                && p.line != 0
            {
                code[i].position = p;
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

/// Longest block that is repeated.
const MAX_REPEATED: usize = 8;

/// How many exits of a code object are looked at for it.
const MAX_EXIT_BLOCKS: usize = 64;

/// A block without position at the end of the code has the line of whatever led to it: those of other lines get a copy.
fn exit_blocks(code: &mut Vec<Ins>, handlers: &[u32]) {
    let plain = |i: &Ins| i.position.line == 0 && i.target == NO_LABEL && !ends(op_of(i.word));
    let mut looked_at = 0;
    for exit in 1..code.len() {
        let is_exit = matches!(op_of(code[exit].word), Op::ReturnNone | Op::Return);
        if !is_exit || code[exit].position.line != 0 || !plain(&code[exit - 1]) {
            continue;
        }
        // Each of them looks at all of the code: what is beyond every reasonable number keeps its lines.
        looked_at += 1;
        if looked_at > MAX_EXIT_BLOCKS {
            return;
        }
        let entries = targets(code, handlers);
        let mut start = exit;
        while start > 0 && !entries[start] && plain(&code[start - 1]) {
            start -= 1;
        }
        if start == exit || exit - start >= MAX_REPEATED {
            continue;
        }
        let mut line = match start.checked_sub(1).map(|i| code[i]) {
            Some(before) if !ends(op_of(before.word)) => Some(before.position),
            _ => None,
        };
        let jumps: Vec<usize> = (0..code.len()).filter(|i| code[*i].target as usize == start).collect();
        for i in jumps {
            let position = code[i].position;
            if code[i].target == NO_LABEL || position.line == 0 {
                continue;
            }
            if line.is_none_or(|p| p.line == position.line) {
                line = Some(position);
                continue;
            }
            code[i].target = code.len() as u32;
            for k in start..=exit {
                let copy = Ins { position, ..code[k] };
                code.push(copy);
            }
        }
        for ins in &mut code[start..=exit] {
            ins.position = line.unwrap_or_default();
        }
    }
}

/// The implicit `return None` has the line of whatever led to it: jumps return themselves, conditions get a copy.
fn exits(code: &mut Vec<Ins>, first_line: u32) {
    // A jump that became a return may be led to from several lines itself.
    for _ in 0..4 {
        exits_once(code, first_line);
    }
}

fn exits_once(code: &mut Vec<Ins>, first_line: u32) {
    // Who goes where, in order of places; a jump that became a return may be an exit itself.
    let may_exit = |to: usize| code.get(to).is_some_and(|i| op_of(i.word) == Op::ReturnNone || is_jump(i));
    let mut arrivals: Vec<(usize, usize)> = Vec::new();
    for (i, ins) in code.iter().enumerate() {
        if ins.target != NO_LABEL && may_exit(ins.target as usize) {
            arrivals.push((ins.target as usize, i));
        }
    }
    arrivals.sort_unstable();
    for exit in 0..code.len() {
        if op_of(code[exit].word) != Op::ReturnNone || code[exit].position.line != 0 {
            continue;
        }
        let mut taken = match exit.checked_sub(1).and_then(|i| code.get(i)) {
            Some(before) if !ends(op_of(before.word)) => {
                let position = before.position;
                code[exit].position = position;
                true
            }
            None => {
                let p = Position { line: first_line, end_line: first_line, ..Position::default() };
                code[exit].position = p;
                true
            }
            _ => false,
        };
        let first = arrivals.partition_point(|a| a.0 < exit);
        for &(_, i) in arrivals[first..].iter().take_while(|a| a.0 == exit) {
            if code[i].target as usize != exit || code[i].target == NO_LABEL {
                continue;
            }
            let position = code[i].position;
            if is_jump(&code[i]) {
                code[i] = Ins { target: NO_LABEL, position, ..code[exit] };
            } else if !taken {
                code[exit].position = position;
                taken = true;
            } else if position.line != code[exit].position.line {
                code[i].target = code.len() as u32;
                let copy = Ins { position, ..code[exit] };
                code.push(copy);
            }
        }
    }
}

/// Removes what nothing reaches and jumps to what comes next.
fn sweep(code: &mut Vec<Ins>, handlers: &mut [u32]) {
    let mut keep = reachable(code, handlers);
    // The first instruction behind `i` that stays.
    let mut next = code.len();
    for i in (0..code.len()).rev() {
        let ins = code[i];
        if !keep[i] {
            continue;
        }
        if !is_jump(&ins) {
            next = i;
            continue;
        }
        let to = ins.target as usize;
        let line = ins.position.line;
        let before = (0..i).rev().find(|&b| keep[b]).map_or(0, |b| line_at(code, b));
        let unseen = line == 0 || line == before || line == line_at(code, to);
        if unseen && to > i && next >= to {
            keep[i] = false;
        } else {
            next = i;
        }
    }
    let mut place = Vec::with_capacity(keep.len() + 1);
    let mut n = 0u32;
    for k in &keep {
        place.push(n);
        n += u32::from(*k);
    }
    place.push(n);
    let mut flags = keep.iter();
    code.retain(|_| flags.next().copied().unwrap_or(true));
    for ins in code {
        if let Some(p) = place.get(ins.target as usize) {
            ins.target = *p;
        }
    }
    for h in handlers {
        *h = place.get(*h as usize).copied().unwrap_or(0);
    }
}

fn reachable(code: &[Ins], handlers: &[u32]) -> Vec<bool> {
    let mut seen = vec![false; code.len()];
    let mut work = vec![0usize];
    while let Some(mut at) = work.pop() {
        while let Some(ins) = code.get(at) {
            if seen[at] {
                break;
            }
            seen[at] = true;
            if ins.target != NO_LABEL {
                work.push(ins.target as usize);
            }
            if let Some(&h) = handlers.get(ins.handler as usize) {
                work.push(h as usize);
            }
            if ends(op_of(ins.word)) {
                break;
            }
            at += 1;
        }
    }
    seen
}
