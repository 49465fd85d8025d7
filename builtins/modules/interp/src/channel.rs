//! Channels between interpreters, as data: items, and which interpreters have which end.
//!
//! Each end knows the interpreters that have used it and whether they have released it. A channel is open until no such interpreter is left that has not
//! released its end, or until it is closed. What was closed but for items that are left is closing: it can be received from.

use crate::shared::Shared;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

fn locked<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(|e| e.into_inner())
}

/// An end of a channel, or both.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    Send,
    Recv,
    Both,
}

/// Why something cannot be done with a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Trouble {
    NotFound,
    Closed,
    Empty,
    NotEmpty,
}

/// What became of an item that its sender waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    Waiting,
    Received,
    Dropped,
}

/// A sender that waits.
pub(crate) struct Sender {
    fate: Mutex<Fate>,
    changed: Condvar,
}

impl Default for Sender {
    fn default() -> Sender {
        Sender { fate: Mutex::new(Fate::Waiting), changed: Condvar::new() }
    }
}

impl Sender {
    fn settle(&self, fate: Fate) {
        *locked(&self.fate) = fate;
        self.changed.notify_all();
    }

    /// Waits for a moment; in a blocking scope.
    pub(crate) fn wait(&self, at_most: Duration) -> Fate {
        let g = locked(&self.fate);
        if *g != Fate::Waiting {
            return *g;
        }
        match self.changed.wait_timeout(g, at_most) {
            Ok((g, _)) => *g,
            Err(e) => *e.into_inner().0,
        }
    }
}

pub(crate) struct Item {
    pub(crate) data: Option<Shared>,
    from: i64,
    pub(crate) unbound: i64,
    sender: Option<Arc<Sender>>,
}

impl Item {
    pub(crate) fn new(data: Shared, from: i64, unbound: i64, sender: Option<Arc<Sender>>) -> Item {
        Item { data: Some(data), from, unbound, sender }
    }

    fn settle(&self, fate: Fate) {
        if let Some(s) = &self.sender {
            s.settle(fate);
        }
    }
}

/// Interpreters that have used an end, and whether they still have it.
type Users = BTreeMap<i64, bool>;

struct Content {
    items: VecDeque<Item>,
    send: Users,
    recv: Users,
    open: bool,
    closing: bool,
}

/// A channel.
pub(crate) struct Channel {
    pub(crate) unbound: i64,
    pub(crate) fallback: i64,
    content: Mutex<Content>,
}

/// What is known of a channel: see `ChannelInfo`.
#[derive(Default)]
pub(crate) struct Info {
    pub(crate) flags: [bool; 3],
    pub(crate) counts: [usize; 9],
    pub(crate) mine: [bool; 4],
}

/// Associates an interpreter with an end.
fn associate(users: &mut Users, who: i64) -> Result<(), Trouble> {
    if *users.entry(who).or_insert(true) { Ok(()) } else { Err(Trouble::Closed) }
}

impl Content {
    fn has_users(&self) -> bool {
        let untouched = self.send.is_empty() && self.recv.is_empty();
        untouched || self.send.values().chain(self.recv.values()).any(|open| *open)
    }

    fn release_all(&mut self, end: End) {
        if end != End::Recv {
            self.send.values_mut().for_each(|o| *o = false);
        }
        if end != End::Send {
            self.recv.values_mut().for_each(|o| *o = false);
        }
    }
}

impl Channel {
    fn count(&self) -> usize {
        locked(&self.content).items.len()
    }

    /// Adds an item.
    pub(crate) fn send(&self, who: i64, item: Item) -> Result<(), Trouble> {
        let mut c = locked(&self.content);
        if !c.open || c.closing {
            return Err(Trouble::Closed);
        }
        associate(&mut c.send, who)?;
        c.items.push_back(item);
        Ok(())
    }

    /// Takes an item back that its sender does not wait for any more; false if it was received.
    pub(crate) fn take_back(&self, sender: &Arc<Sender>) -> bool {
        let found = {
            let mut c = locked(&self.content);
            let at = c.items.iter().position(|i| i.sender.as_ref().is_some_and(|s| Arc::ptr_eq(s, sender)));
            at.and_then(|i| c.items.remove(i))
        };
        found.is_some()
    }

    /// The first item.
    pub(crate) fn recv(&self, who: i64) -> Result<Item, Trouble> {
        let mut c = locked(&self.content);
        if !c.open {
            return Err(Trouble::Closed);
        }
        associate(&mut c.recv, who)?;
        let item = c.items.pop_front();
        if c.closing && c.items.is_empty() {
            c.open = false;
        }
        match item {
            Some(i) => {
                i.settle(Fate::Received);
                Ok(i)
            }
            None if c.open => Err(Trouble::Empty),
            None => Err(Trouble::Closed),
        }
    }

    /// Takes an end away from an interpreter.
    fn release(&self, who: i64, end: End) -> Result<(), Trouble> {
        let mut c = locked(&self.content);
        if !c.open {
            return Err(Trouble::Closed);
        }
        if end != End::Recv {
            c.send.insert(who, false);
        }
        if end != End::Send {
            c.recv.insert(who, false);
        }
        c.open = c.has_users();
        Ok(())
    }

    /// Closes the channel; the items that are dropped. Empty: it is closing.
    fn close(&self, end: End, force: bool) -> Result<VecDeque<Item>, Trouble> {
        let mut c = locked(&self.content);
        if !c.open || (c.closing && end == End::Send && !force) {
            return Err(Trouble::Closed);
        }
        if !force && !c.items.is_empty() {
            if end != End::Send {
                return Err(Trouble::NotEmpty);
            }
            c.closing = true;
            return Ok(VecDeque::new());
        }
        c.open = false;
        c.closing = false;
        c.release_all(if force { End::Both } else { end });
        Ok(std::mem::take(&mut c.items))
    }

    fn is_closed(&self) -> bool {
        !locked(&self.content).open
    }

    /// The interpreters that have an end.
    pub(crate) fn users(&self, send: bool) -> Result<Vec<i64>, Trouble> {
        let c = locked(&self.content);
        if !c.open || (send && c.closing) {
            return Err(Trouble::Closed);
        }
        let users = if send { &c.send } else { &c.recv };
        Ok(users.iter().filter(|(_, open)| **open).map(|(i, _)| *i).collect())
    }

    pub(crate) fn info(&self, me: i64) -> Info {
        let c = locked(&self.content);
        let mut info =
            Info { flags: [c.open && !c.closing, c.open && c.closing, !c.open], ..Info::default() };
        info.counts[0] = c.items.len();
        let all: std::collections::BTreeSet<i64> = c.send.keys().chain(c.recv.keys()).copied().collect();
        for i in all {
            let (s, r) = (c.send.get(&i).copied(), c.recv.get(&i).copied());
            let at = match (s, r) {
                (Some(true), None) => 1,
                (Some(false), None) => 2,
                (None, Some(true)) => 3,
                (None, Some(false)) => 4,
                (Some(true), Some(true)) => 5,
                (Some(false), Some(false)) => 6,
                // CPython's names say which end is left.
                (Some(true), Some(false)) => 7,
                (Some(false), Some(true)) => 8,
                (None, None) => continue,
            };
            info.counts[at] += 1;
            if i == me {
                info.mine = [s == Some(true), s == Some(false), r == Some(true), r == Some(false)];
            }
        }
        info
    }
}

/// The next number, and the channels by number, each with whether `close()` has not closed it.
type Numbered = (i64, BTreeMap<i64, (Arc<Channel>, bool)>);

/// The channels of the process.
#[derive(Default)]
pub(crate) struct Channels {
    all: Mutex<Numbered>,
}

impl Channels {
    pub(crate) fn add(&self, unbound: i64, fallback: i64) -> i64 {
        let content = Content {
            items: VecDeque::new(),
            send: Users::new(),
            recv: Users::new(),
            open: true,
            closing: false,
        };
        let channel = Arc::new(Channel { unbound, fallback, content: Mutex::new(content) });
        let mut all = locked(&self.all);
        let id = all.0;
        all.0 += 1;
        all.1.insert(id, (channel, true));
        id
    }

    pub(crate) fn exists(&self, id: i64) -> bool {
        locked(&self.all).1.contains_key(&id)
    }

    /// A channel, closed ones too.
    pub(crate) fn any(&self, id: i64) -> Result<Arc<Channel>, Trouble> {
        locked(&self.all).1.get(&id).map(|c| c.0.clone()).ok_or(Trouble::NotFound)
    }

    /// A channel that is not closed.
    pub(crate) fn find(&self, id: i64) -> Result<Arc<Channel>, Trouble> {
        let c = self.any(id)?;
        if c.is_closed() { Err(Trouble::Closed) } else { Ok(c) }
    }

    /// All channels that were not closed by `close()`.
    pub(crate) fn list(&self) -> Vec<(i64, Arc<Channel>)> {
        locked(&self.all).1.iter().filter(|(_, c)| c.1).map(|(i, c)| (*i, c.0.clone())).collect()
    }

    pub(crate) fn close(&self, id: i64, end: End, force: bool) -> Result<(), Trouble> {
        let c = self.find(id)?;
        let dropped = c.close(end, force)?;
        if c.is_closed()
            && let Some(entry) = locked(&self.all).1.get_mut(&id)
        {
            entry.1 = false;
        }
        dropped.iter().for_each(|i| i.settle(Fate::Dropped));
        Ok(())
    }

    pub(crate) fn release(&self, id: i64, who: i64, end: End) -> Result<(), Trouble> {
        self.find(id)?.release(who, end)
    }

    pub(crate) fn destroy(&self, id: i64) -> Result<(), Trouble> {
        let gone = locked(&self.all).1.remove(&id).ok_or(Trouble::NotFound)?;
        if let Ok(dropped) = gone.0.close(End::Both, true) {
            dropped.iter().for_each(|i| i.settle(Fate::Dropped));
        }
        Ok(())
    }

    pub(crate) fn count(&self, id: i64) -> Result<usize, Trouble> {
        Ok(self.find(id)?.count())
    }

    /// Unbinds the items of an interpreter that has ended, and takes its ends away.
    pub(crate) fn interpreter_ends(&self, id: i64) {
        let channels: Vec<Arc<Channel>> = locked(&self.all).1.values().map(|c| c.0.clone()).collect();
        for channel in channels {
            let mut gone = Vec::new();
            let mut c = locked(&channel.content);
            let all = std::mem::take(&mut c.items);
            for mut i in all {
                if i.from == id && i.data.is_some() {
                    i.settle(Fate::Dropped);
                    gone.extend(i.data.take());
                    if i.unbound == crate::queues::REMOVE {
                        continue;
                    }
                }
                c.items.push_back(i);
            }
            for users in [true, false] {
                let users = if users { &mut c.send } else { &mut c.recv };
                if let Some(open) = users.get_mut(&id) {
                    *open = false;
                }
            }
            if c.open {
                c.open = c.has_users();
            }
            drop(c);
            drop(gone);
        }
    }
}
