//! Uses the standard library's locks, so that their symbols are in the program, where `run` looks for them.

use std::sync::{Condvar, Mutex, RwLock};

fn main() {
    let (mutex, condvar, lock) = (Mutex::new(0), Condvar::new(), RwLock::new(0));
    std::thread::scope(|s| {
        s.spawn(|| {
            *mutex.lock().unwrap() = *lock.read().unwrap();
            condvar.notify_all();
        });
        *lock.write().unwrap() = 1;
        let held = mutex.lock().unwrap();
        drop(condvar.wait_timeout(held, std::time::Duration::from_millis(1)).unwrap());
    });
    if std::env::args().len() > 9 {
        drop(condvar.wait(mutex.lock().unwrap()).unwrap());
    }
}
