# What hooks are told of threads, of children and of looks at frames.
import _thread, subprocess, sys

NAMES = "_thread.start_joinable_thread", "_posixsubprocess.fork_exec", "sys._getframemodulename"
seen = []
sys.addaudithook(lambda e, a: seen.append((e, a)) if e in NAMES else None)
_thread.start_joinable_thread(int).join()
handle = _thread._ThreadHandle()
_thread.start_joinable_thread(int, handle, daemon=False).join()
sys._getframemodulename(0)

subprocess.run(["/bin/true"], preexec_fn=int)
for event, args in seen:
    print(event, *("handle" if a is handle else a for a in args))
# expect: _thread.start_joinable_thread <class 'int'> 1 None
# expect: _thread.start_joinable_thread <class 'int'> 0 handle
# expect: sys._getframemodulename 0
# expect: _posixsubprocess.fork_exec (b'/bin/true',) ['/bin/true'] None
